package policy

// File is one file of a policy document: its name, for faults, and its bytes.
type File struct {
	Name string `json:"name"`
	Data []byte `json:"data"`
}
