def f(x):
	return x < 3 and x > 1
