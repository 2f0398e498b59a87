//go:build !race

package exchanges

// raceDetector says that the tests are built with -race, and so pgpi is too.
const raceDetector = false
