import Testing
// x
