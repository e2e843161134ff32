package menu

import (
	"strings"
	"testing"
)

func TestPriced(t *testing.T) {
	t.Run("cheap", func(t *testing.T) {
		if !strings.Contains(Text, "price < 10") {
			t.Error("wrong")
		}
	})
}
