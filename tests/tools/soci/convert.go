package main

// A layout with an image becomes one with the image, its SOCI indexes and an index of both.

import (
	"errors"
	"fmt"
	"slices"

	"github.com/awslabs/soci-snapshotter/ztoc"
	"github.com/containerd/platforms"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

const (
	dockerList     = "application/vnd.docker.distribution.manifest.list.v2+json"
	sociType       = "application/vnd.amazon.soci.index.v2+json"
)

var errEmpty = errors.New("no ztocs created, all layers either skipped or produced errors")

// made is the SOCI index of one platform.
type made struct {
	of         ocispec.Descriptor
	descriptor ocispec.Descriptor
}

func convert(o order) error {
	l, err := open(o.from, o.to)
	if err != nil {
		return err
	}
	index, single, err := read(l)
	if err != nil {
		return err
	}
	wanted, err := o.wanted(l, index, single)
	if err != nil {
		return err
	}
	var all []made
	for _, platform := range wanted {
		of, err := find(index, platform)
		if err != nil {
			return err
		}
		one, err := o.index(l, of, platform)
		if errors.Is(err, errEmpty) {
			continue
		}
		if err != nil {
			return err
		}
		all = append(all, made{of, one})
	}
	if len(all) == 0 {
		return errEmpty
	}
	if err := annotate(l, &index, all); err != nil {
		return err
	}
	add(&index, all)
	root, err := l.putJSON(index)
	if err != nil {
		return err
	}
	root.MediaType = ocispec.MediaTypeImageIndex
	fmt.Println("converted to", root.Digest)
	top := ocispec.Index{Versioned: specs.Versioned{SchemaVersion: 2}, Manifests: []ocispec.Descriptor{root}}
	return l.finish(top)
}

// read gives the index to work on: the layout's own, or one around its only manifest.
func read(l layouts) (ocispec.Index, bool, error) {
	index, only, err := l.root()
	if err != nil {
		return index, false, err
	}
	single := false
	switch {
	case only == nil:
	case only.MediaType == ocispec.MediaTypeImageIndex || only.MediaType == dockerList:
		index = ocispec.Index{}
		err = l.readJSON(only.Digest, &index)
	default:
		image := ocispec.Descriptor{MediaType: only.MediaType, Digest: only.Digest, Size: only.Size}
		var platform ocispec.Platform
		if platform, err = l.platform(image); err == nil {
			image.Platform = &platform
		}
		index = ocispec.Index{Versioned: specs.Versioned{SchemaVersion: 2}, Manifests: []ocispec.Descriptor{image}}
		single = true
	}
	index.MediaType = ocispec.MediaTypeImageIndex
	return index, single, err
}

// platform of an image, as its configuration has it.
func (l layouts) platform(image ocispec.Descriptor) (ocispec.Platform, error) {
	var manifest ocispec.Manifest
	if err := l.readJSON(image.Digest, &manifest); err != nil {
		return ocispec.Platform{}, err
	}
	var config ocispec.Platform
	err := l.readJSON(manifest.Config.Digest, &config)
	return platforms.Normalize(config), err
}

// wanted gives the platforms that get a SOCI index, each once.
func (o order) wanted(l layouts, index ocispec.Index, single bool) ([]ocispec.Platform, error) {
	asked := o.platforms
	if o.all {
		asked = nil
		for _, child := range index.Manifests {
			platform := child.Platform
			if platform == nil {
				own, err := l.platform(child)
				if err != nil {
					return nil, err
				}
				platform = &own
			}
			if platform.OS != "unknown" && platform.Architecture != "unknown" {
				asked = append(asked, *platform)
			}
		}
	} else if len(asked) == 0 && single {
		asked = []ocispec.Platform{*index.Manifests[0].Platform}
	} else if len(asked) == 0 {
		asked = []ocispec.Platform{platforms.DefaultSpec()}
	}
	var once []ocispec.Platform
	for _, platform := range asked {
		same := func(other ocispec.Platform) bool {
			return platforms.FormatAll(platforms.Normalize(other)) == platforms.FormatAll(platforms.Normalize(platform))
		}
		if !slices.ContainsFunc(once, same) {
			once = append(once, platform)
		}
	}
	return once, nil
}

func find(index ocispec.Index, platform ocispec.Platform) (ocispec.Descriptor, error) {
	matcher := platforms.OnlyStrict(platform)
	for _, child := range index.Manifests {
		if child.Platform == nil {
			return child, errors.New("manifest should have proper platform")
		}
		if matcher.Match(*child.Platform) {
			return child, nil
		}
	}
	return ocispec.Descriptor{}, fmt.Errorf("image manifest for %s: %w", platforms.Format(platform), errNotFound)
}

// index makes the SOCI index of one image.
func (o order) index(l layouts, of ocispec.Descriptor, platform ocispec.Platform) (ocispec.Descriptor, error) {
	var image ocispec.Manifest
	if err := l.readJSON(of.Digest, &image); err != nil {
		if errors.Is(err, errNotFound) {
			err = fmt.Errorf("image manifest for %s: %w", platforms.Format(platform), errNotFound)
		}
		return ocispec.Descriptor{}, err
	}
	ztocs := make([]*ztoc.Ztoc, len(image.Layers))
	var layers []ocispec.Descriptor
	for at, layer := range image.Layers {
		descriptor, made, err := o.build(l, layer)
		if err != nil {
			return ocispec.Descriptor{}, fmt.Errorf("errors encountered while building soci layers; %w", err)
		}
		if descriptor != nil {
			layers = append(layers, *descriptor)
			ztocs[at] = made
		}
	}
	if len(layers) == 0 {
		return ocispec.Descriptor{}, errEmpty
	}
	early, err := o.prefetched(l, image.Layers, ztocs)
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	empty, err := l.put([]byte("{}"))
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	empty.MediaType = sociType
	descriptor, err := l.putJSON(ocispec.Manifest{
		Versioned:   specs.Versioned{SchemaVersion: 2},
		MediaType:   ocispec.MediaTypeImageManifest,
		Config:      empty,
		Layers:      append(layers, early...),
		Annotations: map[string]string{"com.amazon.soci.build-tool-identifier": tool},
	})
	descriptor.MediaType = ocispec.MediaTypeImageManifest
	descriptor.ArtifactType = sociType
	descriptor.Platform = &platform
	return descriptor, err
}

// prefetched looks for each wanted file from the top layer down.
func (o order) prefetched(l layouts, layers []ocispec.Descriptor, ztocs []*ztoc.Ztoc) ([]ocispec.Descriptor, error) {
	left := slices.Clone(o.prefetch)
	runs := make([][]spans, len(layers))
	for at := len(layers) - 1; at >= 0 && len(left) > 0; at-- {
		if ztocs[at] == nil {
			continue
		}
		how, _ := algorithm(layers[at].MediaType)
		all, found, err := early(ztocs[at], how, left)
		if err != nil {
			return nil, err
		}
		runs[at] = all
		left = slices.DeleteFunc(left, func(name string) bool { return found[name] })
	}
	var out []ocispec.Descriptor
	for at, all := range runs {
		if len(all) == 0 {
			continue
		}
		descriptor, err := l.putJSON(prefetch{"1.0", all})
		if err != nil {
			return nil, err
		}
		descriptor.MediaType = prefetchType
		descriptor.Annotations = map[string]string{"com.amazon.soci.image-layer-digest": string(layers[at].Digest)}
		out = append(out, descriptor)
	}
	return out, nil
}

// annotate writes every manifest anew, with the digest of its SOCI index where it has one.
func annotate(l layouts, index *ocispec.Index, all []made) error {
	for at := range index.Manifests {
		child := &index.Manifests[at]
		var own *made
		for k := range all {
			if all[k].of.Digest == child.Digest {
				own = &all[k]
				break
			}
		}
		var manifest ocispec.Manifest
		if err := l.readJSON(child.Digest, &manifest); err != nil {
			if errors.Is(err, errNotFound) && own == nil {
				continue
			}
			return err
		}
		for _, blob := range append([]ocispec.Descriptor{manifest.Config}, manifest.Layers...) {
			if err := l.carry(blob.Digest); err != nil {
				return err
			}
		}
		manifest.MediaType = ocispec.MediaTypeImageManifest
		if manifest.Config.MediaType != sociType {
			manifest.Config.MediaType = ocispec.MediaTypeImageConfig
		}
		if own != nil {
			if manifest.Annotations == nil {
				manifest.Annotations = map[string]string{}
			}
			manifest.Annotations["com.amazon.soci.index-digest"] = string(own.descriptor.Digest)
		}
		written, err := l.putJSON(manifest)
		if err != nil {
			return err
		}
		child.Digest, child.Size = written.Digest, written.Size
		child.Annotations, child.MediaType = manifest.Annotations, ocispec.MediaTypeImageManifest
		if own != nil {
			own.descriptor.Annotations = map[string]string{"com.amazon.soci.image-manifest-digest": string(written.Digest)}
		}
	}
	return nil
}

// add puts SOCI indexes behind the images, or in the place of earlier ones.
func add(index *ocispec.Index, all []made) {
	for _, one := range all {
		matcher := platforms.OnlyStrict(platforms.Normalize(*one.descriptor.Platform))
		at := slices.IndexFunc(index.Manifests, func(other ocispec.Descriptor) bool {
			return other.ArtifactType == sociType && other.Platform != nil && matcher.Match(*other.Platform)
		})
		if at >= 0 {
			index.Manifests[at] = one.descriptor
		} else {
			index.Manifests = append(index.Manifests, one.descriptor)
		}
	}
}
