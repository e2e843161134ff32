package demo

// Thin lets only so many of a hundred parties come.
func Thin(percent int) { crowd = percent }
