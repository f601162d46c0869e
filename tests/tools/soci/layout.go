package main

// OCI layouts as folders: one is read, another is written.

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

var errNotFound = errors.New("not found")

// layouts are where blobs come from and where they go.
type layouts struct{ from, to string }

func open(from, to string) (layouts, error) {
	if _, err := os.Stat(to); err == nil {
		return layouts{}, fmt.Errorf("%s exists already", to)
	}
	marker, err := os.ReadFile(filepath.Join(from, ocispec.ImageLayoutFile))
	if err != nil {
		return layouts{}, err
	}
	if err := os.MkdirAll(filepath.Join(to, "blobs", "sha256"), 0o755); err != nil {
		return layouts{}, err
	}
	return layouts{from, to}, os.WriteFile(filepath.Join(to, ocispec.ImageLayoutFile), marker, 0o644)
}

// path of a blob in the layout that is read.
func (l layouts) path(of digest.Digest) string {
	return filepath.Join(l.from, "blobs", string(of.Algorithm()), of.Encoded())
}

func (l layouts) read(of digest.Digest) ([]byte, error) {
	raw, err := os.ReadFile(l.path(of))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("content digest %s: %w", of, errNotFound)
	}
	if err == nil && of.Algorithm().FromBytes(raw) != of {
		return nil, fmt.Errorf("content of %s is not what its name says", of)
	}
	return raw, err
}

func (l layouts) readJSON(of digest.Digest, into any) error {
	raw, err := l.read(of)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, into)
}

// put writes a blob and gives its digest and size.
func (l layouts) put(raw []byte) (ocispec.Descriptor, error) {
	named := ocispec.Descriptor{Digest: digest.FromBytes(raw), Size: int64(len(raw))}
	return named, os.WriteFile(filepath.Join(l.to, "blobs", "sha256", named.Digest.Encoded()), raw, 0o644)
}

func (l layouts) putJSON(value any) (ocispec.Descriptor, error) {
	raw, err := json.Marshal(value)
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	return l.put(raw)
}

// carry brings a blob over as it is. What is not there cannot come.
func (l layouts) carry(of digest.Digest) error {
	raw, err := l.read(of)
	if errors.Is(err, errNotFound) {
		return nil
	}
	if err == nil {
		_, err = l.put(raw)
	}
	return err
}

// root is the one index or manifest of the layout, or index.json itself where that lists images.
func (l layouts) root() (ocispec.Index, *ocispec.Descriptor, error) {
	raw, err := os.ReadFile(filepath.Join(l.from, ocispec.ImageIndexFile))
	if err != nil {
		return ocispec.Index{}, nil, err
	}
	var top ocispec.Index
	if err := json.Unmarshal(raw, &top); err != nil {
		return top, nil, err
	}
	if len(top.Manifests) == 1 {
		return top, &top.Manifests[0], nil
	}
	return top, nil, nil
}

func (l layouts) finish(index ocispec.Index) error {
	raw, err := json.Marshal(index)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(l.to, ocispec.ImageIndexFile), raw, 0o644)
}
