// The one source of targets that only precompile headers.
