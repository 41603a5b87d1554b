package policy

import "github.com/headgate/headgate/policy/strict"

// State says how ids of what providers keep, such as stored responses, are bound to those
// to whom they were given.
type State struct {
	Key   Credential // where the secret is found that authenticates them; the zero value: the backend's own credential does
	Owner StateOwner
}

// StateOwner says who may use what a provider keeps.
type StateOwner string

// The values of StateOwner.
const (
	OwnerCaller StateOwner = "caller" // the caller to whom its id was given
	OwnerTeam   StateOwner = "team"   // all callers of that one's team
)

var stateSection = section{fields: []strict.Member[document]{
	strict.Bind("state", func(d *document) *State { return &d.State }, state).
		Doc("What providers keep for clients: the stored responses and conversations of OpenAI's Responses, and Anthropic's threads. Where the policy has callers, or several backends that keep such things, their ids get a suffix that leads back to the backend and is good for their owner alone.").
		Example(`state: {owner: team}`),
}}

var state = strict.NewObject(
	strict.Bind("key", func(s *State) *Credential { return &s.Key }, stateKey).Absent("each backend's credential").
		Doc("Where the secret is found, of 16 characters at least, with which the suffixes are authenticated. All pairs need the same one, and ids are no good any more once it is another. Without it one is derived from the credential of each backend, and from the older one of a rotation as well; ids are no good any more once that is gone, and a backend without a credential keeps nothing for clients.").
		Example(`key: {env: HEADGATE_STATE_KEY}`),
	strict.Bind("owner", func(s *State) *StateOwner { return &s.Owner }, strict.Enum(OwnerCaller, OwnerTeam)).Default(OwnerCaller).
		Doc("Who may go on with what a provider keeps, read it and delete it: with caller the one to whom its id was given, with team every caller of the same team. A caller without a team has what it was given itself.").
		Example(`owner: team`),
)

// notedStateKey is where a document says that the key is found.
type notedStateKey struct{ at PlacedCredential }

var stateKey = strict.NewObject(
	strict.Bind("env", func(c *Credential) *string { return &c.Env }, strict.Text().Matching(envName, envRule).Secret()).
		Doc("Name of the environment variable that holds the secret. Pairs read it.").
		Example(`env: HEADGATE_STATE_KEY`),
	strict.Bind("file", func(c *Credential) *string { return &c.File }, strict.Text().Matching(absolutePath, pathRule).Secret()).
		Doc("Absolute path of the file that holds the secret. It is read again when it changes.").
		Example(`file: /run/secrets/state-key`),
).OneKey().Secret().InsteadOfText(notASecret, nameThePlace).Check(func(r *strict.Reader, g *strict.Given, c *Credential) {
	r.Note(notedStateKey{PlacedCredential{Credential: *c, at: g.Place()}})
})

// StateKey returns where the key of the state is found, and where the policy names that; nil: it
// names none. It reads the policy as Credentials does.
func StateKey(files []File) (*PlacedCredential, error) {
	c, faults := compile(files, reading{maxBytes: MaxDocument})
	if len(faults) > 0 {
		return nil, strict.NewFaults(files, faults)
	}
	for _, n := range strict.Notes[notedStateKey](c.Reader) {
		return &n.at, nil
	}
	return nil, nil
}
