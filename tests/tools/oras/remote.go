package main

// Repositories as the docker configuration of the caller opens them.

import (
	"net"
	"strings"

	"oras.land/oras-go/v2/registry"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/credentials"
	"oras.land/oras-go/v2/registry/remote/retry"
)

// open gives a repository and what a reference names in it.
func open(reference string, plain bool) (*remote.Repository, string, error) {
	parsed, err := registry.ParseReference(reference)
	if err != nil {
		return nil, "", err
	}
	repository, err := remote.NewRepository(parsed.Registry + "/" + parsed.Repository)
	if err != nil {
		return nil, "", err
	}
	store, err := credentials.NewStoreFromDocker(credentials.StoreOptions{})
	if err != nil {
		return nil, "", err
	}
	repository.PlainHTTP = plain || isLocalhost(parsed.Registry)
	repository.SkipReferrersGC = true
	repository.Client = &auth.Client{
		Client:     retry.DefaultClient,
		Cache:      auth.NewCache(),
		Credential: credentials.Credential(store),
	}
	return repository, parsed.Reference, nil
}

func isLocalhost(host string) bool {
	name, _, err := net.SplitHostPort(host)
	return host == "localhost" || err == nil && name == "localhost"
}

// tags takes the tags after the first comma apart.
func tags(reference string) (string, []string) {
	parts := strings.Split(reference, ",")
	return parts[0], parts[1:]
}
