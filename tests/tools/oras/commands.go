package main

// The three commands, request for request as oras has them: it looks a source up to learn its platform, copies three
// things at a time, and tags one by one.

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
)

const dockerManifest = "application/vnd.docker.distribution.manifest.v2+json"

func create(ctx context.Context, given arguments) error {
	if len(given.rest) == 0 {
		return errors.New("\"oras manifest index create\" requires at least 1 argument")
	}
	annotations, err := annotations(given.pairs)
	if err != nil {
		return err
	}
	name, further := tags(given.rest[0])
	repository, reference, err := open(name, given.flags["--plain-http"])
	if err != nil {
		return err
	}
	index := ocispec.Index{
		Versioned:   specs.Versioned{SchemaVersion: 2},
		MediaType:   ocispec.MediaTypeImageIndex,
		Manifests:   []ocispec.Descriptor{},
		Annotations: annotations,
	}
	for _, source := range given.rest[1:] {
		child, err := child(ctx, repository, source)
		if err != nil {
			return err
		}
		index.Manifests = append(index.Manifests, child)
	}
	raw, err := json.Marshal(index)
	if err != nil {
		return err
	}
	descriptor := content.NewDescriptorFromBytes(index.MediaType, raw)
	if reference == "" {
		err = repository.Push(ctx, descriptor, bytes.NewReader(raw))
	} else {
		_, err = oras.TagBytes(ctx, repository, index.MediaType, raw, reference)
	}
	if err != nil {
		return err
	}
	if len(further) > 0 {
		options := oras.DefaultTagBytesNOptions
		if _, err := oras.TagBytesN(ctx, repository, index.MediaType, raw, further, options); err != nil {
			return err
		}
	}
	fmt.Println("Pushed", "[registry]", name)
	fmt.Println("Digest:", descriptor.Digest)
	return nil
}

func child(ctx context.Context, repository *remote.Repository, source string) (ocispec.Descriptor, error) {
	found, raw, err := oras.FetchBytes(ctx, repository, source, oras.DefaultFetchBytesOptions)
	if err != nil {
		return found, fmt.Errorf("could not find the manifest %s: %w", source, err)
	}
	plain := ocispec.Descriptor{MediaType: found.MediaType, Digest: found.Digest, Size: found.Size}
	if found.MediaType != ocispec.MediaTypeImageManifest && found.MediaType != dockerManifest {
		return plain, nil
	}
	var manifest ocispec.Manifest
	if err := json.Unmarshal(raw, &manifest); err != nil {
		return plain, err
	}
	config, err := content.FetchAll(ctx, repository, manifest.Config)
	if err != nil {
		return plain, err
	}
	var platform ocispec.Platform
	if json.Unmarshal(config, &platform) == nil && platform.Architecture+platform.OS != "" {
		plain.Platform = &platform
	}
	return plain, nil
}

func annotations(pairs []string) (map[string]string, error) {
	if len(pairs) == 0 {
		return nil, nil
	}
	all := map[string]string{}
	for _, pair := range pairs {
		key, value, ok := strings.Cut(pair, "=")
		if !ok {
			return nil, fmt.Errorf("annotation value doesn't match the required format of \"key=value\": %s", pair)
		}
		if _, twice := all[key]; twice {
			return nil, fmt.Errorf("duplicate annotation key: %s", key)
		}
		all[key] = value
	}
	return all, nil
}

func copyImage(ctx context.Context, given arguments) error {
	if len(given.rest) != 2 {
		return errors.New("\"oras cp\" requires exactly 2 arguments")
	}
	from, source, err := open(given.rest[0], given.flags["--from-plain-http"])
	if err != nil {
		return err
	}
	name, further := tags(given.rest[1])
	to, target, err := open(name, given.flags["--to-plain-http"])
	if err != nil {
		return err
	}
	options := oras.CopyOptions{CopyGraphOptions: oras.DefaultCopyGraphOptions}
	options.Concurrency = 3
	if from.Reference.Registry == to.Reference.Registry {
		options.MountFrom = func(context.Context, ocispec.Descriptor) ([]string, error) {
			return []string{from.Reference.Repository}, nil
		}
	}
	ctx = auth.AppendRepositoryScope(ctx, to.Reference, auth.ActionPull, auth.ActionPush)
	if source == "" {
		return fmt.Errorf("%q: no tag or digest specified", given.rest[0])
	}
	var copied ocispec.Descriptor
	if target == "" {
		if copied, err = oras.Resolve(ctx, from, source, oras.DefaultResolveOptions); err != nil {
			return fmt.Errorf("failed to resolve %s: %w", source, err)
		}
		err = oras.CopyGraph(ctx, from, to, copied, options.CopyGraphOptions)
	} else {
		copied, err = oras.Copy(ctx, from, source, to, target, options)
	}
	if err != nil {
		return err
	}
	fmt.Printf("Copied [registry] %s => [registry] %s\n", given.rest[0], name)
	if len(further) > 0 {
		options := oras.DefaultTagNOptions
		options.Concurrency = 3
		if _, err := oras.TagN(ctx, to, target, further, options); err != nil {
			return err
		}
	}
	fmt.Println("Digest:", copied.Digest)
	return nil
}

func fetch(ctx context.Context, given arguments) error {
	if len(given.rest) != 1 {
		return errors.New("\"oras manifest fetch\" requires exactly 1 argument")
	}
	repository, reference, err := open(given.rest[0], given.flags["--plain-http"])
	if err != nil {
		return err
	}
	if !given.flags["--descriptor"] {
		_, raw, err := oras.FetchBytes(ctx, repository, reference, oras.DefaultFetchBytesOptions)
		if err != nil {
			return fmt.Errorf("failed to fetch the content of %q: %w", given.rest[0], err)
		}
		fmt.Print(string(raw))
		return nil
	}
	found, err := oras.Resolve(ctx, repository, reference, oras.DefaultResolveOptions)
	if err != nil {
		return fmt.Errorf("failed to find %q: %w", given.rest[0], err)
	}
	raw, err := json.Marshal(found)
	if err != nil {
		return err
	}
	fmt.Print(string(raw))
	return nil
}
