package floor

import "testing"

func TestFits(t *testing.T) {
	if !Fits(4, 4) || Fits(4, 5) {
		t.Error("wrong")
	}
}

func TestSpin(t *testing.T) {
	if Spin(3) != 3 {
		t.Error("wrong")
	}
}

func TestSkipped(t *testing.T) { t.Skip("always") }

func TestBroken(t *testing.T) { t.Error("always") }
