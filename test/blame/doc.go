// Package blame tests that pgpi says who has taken the time: a client, the network, a server, or its
// own logs. Each is slow on purpose, and the others are not.
//
// Distance is made of two TUN devices, each in a network namespace of its own: this process carries
// the packets from one to the other, and lets them wait. That needs Linux, /dev/net/tun, and root or
// user namespaces; without them, only those are blamed who are near.
//
// It guarantees that a test fails only where pgpi is wrong: it asserts that no party's share is less
// than the delay that was made, and that in one of several exchanges it is the largest, and never
// that something is fast. It must not know how pgpi measures: that is a program here, with its logs.
//
// Start reading at blame_linux_test.go; distance_linux_test.go has the network.
package blame
