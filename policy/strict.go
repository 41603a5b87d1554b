package policy

import "github.com/headgate/headgate/policy/strict"

// File is one file of a policy: its name, which faults begin with and which no
// other file of the policy has, and its bytes.
type File = strict.File

// Fault is one thing that is wrong with a policy, and where. Its texts never
// quote what may be a secret.
type Fault = strict.Fault

// Faults are all the faults of one policy, sorted by place. It is the error that
// Parse and ParseFiles return.
type Faults = strict.Faults
