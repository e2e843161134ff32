package config

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// Webhooks is what webhooks may reach, and what their secrets are sealed with.
type Webhooks struct {
	Allow           []netip.Prefix // besides public addresses
	SealKey         Secret         // empty: there can be no webhooks
	PreviousSealKey Secret         // empty: none
}

func webhookAllow() Setting {
	return Setting{
		Name: "webhook-allow", Env: "MAITRED_WEBHOOK_ALLOW", Range: "`10.1.0.0/16,fd00::/64`",
		Help: "Networks that webhooks may reach although they are not public, separated by commas. Within them plain http is allowed, too.",
		set: func(c *Config, v string) (err error) {
			c.Webhooks.Allow, err = parsePrefixes(v)
			return err
		},
		get: func(c *Config) string {
			list := make([]string, len(c.Webhooks.Allow))
			for i, p := range c.Webhooks.Allow {
				list[i] = p.String()
			}
			return strings.Join(list, ",")
		},
	}
}

// parsePrefixes reads networks as they are written in whole: a host's address within
// one is most likely a mistake, and so is a zone.
func parsePrefixes(text string) ([]netip.Prefix, error) {
	if text == "" {
		return nil, nil
	}
	var list []netip.Prefix
	for word := range strings.SplitSeq(text, ",") {
		p, err := netip.ParsePrefix(strings.TrimSpace(word))
		switch {
		case err != nil:
			return nil, fmt.Errorf("has %q, which is no network like 10.1.0.0/16", word)
		case p.Addr().Is4In6():
			return nil, fmt.Errorf("has %q: write it as IPv4", word)
		case p != p.Masked():
			return nil, fmt.Errorf("has %q, whose network is %s", word, p.Masked())
		}
		list = append(list, p)
	}
	return list, nil
}

// sealKey is a key that secrets are sealed with.
func sealKey(name, env, help string, field func(*Config) *Secret) Setting {
	return Setting{
		Name: name, Env: env, Secret: true, File: true, Range: "32 characters or more", Help: help,
		set: func(c *Config, v string) error {
			if v != "" && len(v) < 32 {
				return errors.New("must have at least 32 characters")
			}
			*field(c) = Secret(v)
			return nil
		},
		get: func(c *Config) string { return field(c).String() },
	}
}
