package main

// overlays explains what the document does not say: what lies over it.
const overlays = `
## What lies over a policy

The document changes only when an operator changes it. What acts on top of it, laid by hand or by Headgate, is its overlay:

` + "```" + `
headgate policy weight assistant claude-eu/claude-sonnet-4-20260510=0 --reason "slow since noon" --for 1h
headgate policy weight assistant --clear --reason "fast again"
headgate policy drain claude-eu --reason "maintenance" --for 1h
headgate policy undrain claude-eu --reason "done"
` + "```" + `

An entry has an author, a reason, the time at which it was laid, and the time at which it expires, if it does. ` + "`headgate policy show`" + ` prints the entries below the document, ` + "`headgate status`" + ` and ` + "`/readyz`" + ` name them, and the history holds each as a change: laid, taken back, or expired.

| Kind | Acts on | Laid by |
|---|---|---|
| weights | one link of a model: uses that are named have this weight in place of the document's, 1 to 10000; 0 takes the use out of the link | ` + "`headgate policy weight`" + `, or the admin API |
| drained | a backend, or one model of it, in every chain or in that of one model: it is taken out of the chains that have something else; a chain of which everything is drained stays whole, which status says | ` + "`headgate policy drain`" + `, or the admin API; ` + "`health`" + ` while a backend does not answer its checks, which the history does not hold |
| simulated | a backend with ` + "`without_credential: simulate`" + `: the simulated provider answers in its place | the process that publishes the policy, if the credential is not set in its environment |

An entry stays whatever is pushed or rolled back, unless ` + "`--without-overlay`" + ` takes all of it back. If a later document has no place for an entry, because the model, the link or the use is gone, the entry is left out, which status, log and the metric ` + "`headgate_policy_overlay_entries`" + ` say, and acts again once there is a place.

What is in effect has a revision of its own: ` + "`headgate status`" + ` names that and the document's. Records, pairs and ` + "`--expect`" + ` go by the former. Simulated backends do not change it, so that a document has one revision in every environment.
`
