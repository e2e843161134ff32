package config_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/maitred/maitred/internal/config"
)

func TestSettingsOfWebhooks(t *testing.T) {
	t.Parallel()
	key, previous := strings.Repeat("k3y!", 8), strings.Repeat("0ld!", 8)
	if c := load(t, config.Source{}); len(c.Webhooks.Allow) != 0 || len(c.Webhooks.SealKey) != 0 {
		t.Errorf("defaults = %+v, want nothing allowed and no key", c.Webhooks)
	}
	c := load(t, config.Source{
		Env:      []string{"MAITRED_SEAL_KEY_FILE=/run/key", "MAITRED_SEAL_KEY_PREVIOUS=" + previous},
		Flags:    map[string]string{"webhook-allow": "127.0.0.0/8, fd00::/64"},
		ReadFile: func(string) ([]byte, error) { return []byte(key + "\n"), nil },
	})
	want := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("fd00::/64")}
	if d := cmp.Diff(want, c.Webhooks.Allow, cmpopts.EquateComparable(netip.Prefix{})); d != "" {
		t.Errorf("Allow (-want +got):\n%s", d)
	}
	if string(c.Webhooks.SealKey) != key || string(c.Webhooks.PreviousSealKey) != previous {
		t.Error("the keys were not read")
	}
	var shown strings.Builder
	if err := c.Print(&shown); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(shown.String(), "k3y!") || strings.Contains(shown.String(), "0ld!") || !strings.Contains(shown.String(), "127.0.0.0/8,fd00::/64") {
		t.Errorf("Print shows a key, or not what is allowed:\n%s", shown.String())
	}
	_, err := config.Load(config.Source{Env: []string{"MAITRED_SEAL_KEY_PREVIOUS=" + previous}})
	if refused, ok := errors.AsType[*config.Error](err); !ok || len(refused.Faults) != 1 || refused.Faults[0].Setting != "seal-key-previous" {
		t.Errorf("a previous key alone: %v, want it refused", err)
	}
}
