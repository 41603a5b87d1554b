package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/headgate/headgate/cmd/headgate/app"
	"github.com/headgate/headgate/extproc/caller"
	"github.com/headgate/headgate/extproc/redis"
	"github.com/headgate/headgate/extproc/secret"
	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/advice"
	"github.com/headgate/headgate/policy/source"
	"github.com/headgate/headgate/xds/identity"
	"github.com/headgate/headgate/xds/store"
)

// checkEnvironment looks for the credentials of a policy, its callers' keys, the secrets of its
// guards and its state, the URLs of its database and its Redis, and its certificate files, where the gateway
// would: in this environment. What the gateway would not start with is a fault at the place where
// the policy names it; what it would do without is a note.
func checkEnvironment(files []policy.File) ([]advice.Advice, error) {
	all, err := policy.Credentials(files)
	if err != nil {
		return nil, err
	}
	set := make(map[*policy.Backend]int)
	why := make([]error, len(all))
	for i, c := range all {
		form := secret.Form(secret.Key)
		if c.Header {
			form = secret.InHeader
		}
		if why[i] = secret.Check(c.Credential, form, os.LookupEnv); why[i] == nil && !c.Header {
			set[c.Backend]++
		}
	}
	var faults []policy.Fault
	var notes []advice.Advice
	for i, c := range all {
		notSet := errors.Is(why[i], secret.ErrNotSet)
		switch {
		case why[i] == nil:
		case notSet && c.Backend.WithoutCredential == policy.WithoutSimulate:
			others := set[c.Backend]
			if c.Header {
				others = 0
			}
			notes = append(notes, advice.NotSet(c, why[i].Error(), others))
		case notSet:
			faults = append(faults, c.Fault(why[i].Error(), "set it, or say without_credential: simulate"))
		default:
			faults = append(faults, c.Fault(why[i].Error(), ""))
		}
	}
	faults = append(faults, checkKeys(files)...)
	faults = append(faults, checkGuardSecrets(files)...)
	for _, check := range []func([]policy.File) *policy.Fault{checkStateKey, checkDatabase, checkRedis, checkCertificate} {
		if fault := check(files); fault != nil {
			faults = append(faults, *fault)
		}
	}
	if len(faults) > 0 {
		return nil, &policy.Faults{Faults: faults}
	}
	return notes, nil
}

// placed says of a start that a missing or useless secret has failed where the policy names it. All
// of them are named at once.
func placed(err error, path string) error {
	var unfit *source.ApplyError
	if path == "" || !errors.As(err, &unfit) && !errors.Is(err, secret.ErrNotSet) {
		return err
	}
	files, readErr := source.Read(path)
	if readErr != nil {
		return err
	}
	_, found := checkEnvironment(files)
	var faults *policy.Faults
	if !errors.As(found, &faults) {
		return err // it is not in this environment, or of a policy that was pushed
	}
	return fmt.Errorf("the policy cannot be in effect here:\n%w", faults)
}

// checkKeys looks for the keys of the policy's callers as a pair would.
func checkKeys(files []policy.File) []policy.Fault {
	all, err := policy.CallerKeys(files)
	if err != nil || len(all) == 0 {
		return nil
	}
	set, err := policy.ParseFiles(files)
	if err != nil {
		return nil
	}
	why := map[string]error{}
	for _, f := range caller.Check(set, os.LookupEnv) {
		why[f.Caller] = f.Err
	}
	var faults []policy.Fault
	for _, k := range all {
		switch err := why[k.Caller]; {
		case err == nil:
		case errors.Is(err, secret.ErrNotSet):
			faults = append(faults, k.Fault(err.Error(), "set it: headgate key hash --new makes one"))
		default:
			faults = append(faults, k.Fault(err.Error(), ""))
		}
	}
	return faults
}

// checkGuardSecrets looks for the secrets of guards as a pair would.
func checkGuardSecrets(files []policy.File) []policy.Fault {
	all, err := policy.GuardSecrets(files)
	if err != nil {
		return nil
	}
	var faults []policy.Fault
	for _, s := range all {
		form := secret.Form(secret.Key)
		if s.Signing {
			form = secret.Own
		}
		if err := secret.Check(s.Credential, form, os.LookupEnv); err != nil {
			faults = append(faults, s.Fault(err.Error(), ""))
		}
	}
	return faults
}

// checkStateKey looks for the key of the state as a pair would.
func checkStateKey(files []policy.File) *policy.Fault {
	at, err := policy.StateKey(files)
	if err != nil || at == nil {
		return nil
	}
	if err := secret.Check(at.Credential, secret.Own, os.LookupEnv); err != nil {
		fault := at.Fault(err.Error(), "set it: openssl rand -hex 32 makes one")
		return &fault
	}
	return nil
}

// checkDatabase looks for the URL of the store's database where a control plane would.
func checkDatabase(files []policy.File) *policy.Fault {
	at, err := policy.DatabaseURL(files)
	if err != nil || at == nil {
		return nil
	}
	if err := (store.Place{Env: at.Env, File: at.File}).Check(); err != nil {
		fault := at.Fault(err.Error(), "")
		return &fault
	}
	return nil
}

// checkCertificate reads the files of the listener's certificate as a pair would.
func checkCertificate(files []policy.File) *policy.Fault {
	at, err := policy.ListenTLS(files)
	if err != nil || at == nil {
		return nil
	}
	if _, err := identity.Watch(app.CertificateFiles(at.TLS), identity.Options{}); err != nil {
		fault := at.Fault(err.Error(), "")
		return &fault
	}
	return nil
}

// checkRedis looks for the URL of Redis where a pair would.
func checkRedis(files []policy.File) *policy.Fault {
	at, err := policy.RedisURL(files)
	if err != nil || at == nil {
		return nil
	}
	set, err := policy.ParseFiles(files)
	if err == nil {
		err = redis.Check(set.Redis, os.LookupEnv)
	}
	if err == nil {
		return nil
	}
	fault := at.Fault(err.Error(), "")
	return &fault
}
