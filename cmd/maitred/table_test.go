package main

import "testing"

func TestCounted(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0 findings", 1: "1 finding", 2: "2 findings"} {
		if got := counted(n, "finding"); got != want {
			t.Errorf("counted(%d) = %q, want %q", n, got, want)
		}
	}
}
