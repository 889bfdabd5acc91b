package vectors_test

func attackCases() []vectorCase { return nil }
