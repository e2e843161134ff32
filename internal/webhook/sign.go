package webhook

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// secretPrefix begins every secret of an endpoint, so that scanners find leaked
// ones; it is that of Standard Webhooks.
const secretPrefix = "whsec_"

// NewSecret makes the key that signs for an endpoint, and the text that its
// receiver is given once.
func NewSecret() (key []byte, text string) {
	key = make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return key, secretPrefix + base64.StdEncoding.EncodeToString(key)
}

// sign puts the headers of Standard Webhooks on a delivery, with a signature by each
// of the keys: while a secret is replaced, a receiver that has either can verify.
func sign(h http.Header, id string, at time.Time, body []byte, keys [][]byte) error {
	signatures := make([]string, len(keys))
	for i, key := range keys {
		signer, err := standardwebhooks.NewWebhookRaw(key)
		if err != nil {
			return err
		}
		if signatures[i], err = signer.Sign(id, at, body); err != nil {
			return err
		}
	}
	h.Set(standardwebhooks.HeaderWebhookID, id)
	h.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
	h.Set(standardwebhooks.HeaderWebhookSignature, strings.Join(signatures, " "))
	return nil
}
