package control

// Expire is ExpireHolds with a batch of another size.
var Expire = expire
