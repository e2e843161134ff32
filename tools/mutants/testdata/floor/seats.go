// Package floor is a tiny module for mutants to live in.
package floor

// Fits says whether a party may sit at a table.
func Fits(seats, covers int) bool {
	if covers < 1 {
		return false
	}
	if covers > seats {
		return false
	}
	return true
}

// Spin counts to n.
func Spin(n int) int {
	i := 0
	for i < n {
		i++
	}
	return i
}
