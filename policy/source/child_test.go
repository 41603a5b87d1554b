package source

const childJob = "X"

func child(string) int { return 0 }
