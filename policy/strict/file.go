package strict

// File is one file of a document: its name, which faults begin with and which no
// other file of the document has, and its bytes.
type File struct {
	Name string `json:"name"`
	Data []byte `json:"data"`
}
