package main

// One layer: its zTOC, which the library makes, and the spans of files that are to be fetched early.

import (
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/awslabs/soci-snapshotter/ztoc"
	"github.com/awslabs/soci-snapshotter/ztoc/compression"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

const (
	tool         = "AWS SOCI CLI v0.2"
	prefetchType = "application/vnd.amazon.soci.prefetch.v1+json"
	opaque       = ".wh..wh..opq"
)

// spans are a run of spans of one layer.
type spans struct {
	First compression.SpanID `json:"start_span"`
	Last  compression.SpanID `json:"end_span"`
}

type prefetch struct {
	Version string  `json:"version"`
	Spans   []spans `json:"prefetch_spans"`
}

// algorithm says how a layer is compressed; false for what is no layer.
func algorithm(mediaType string) (string, bool) {
	switch mediaType {
	case ocispec.MediaTypeImageLayer:
		return compression.Uncompressed, true
	case ocispec.MediaTypeImageLayerGzip, "application/vnd.docker.image.rootfs.diff.tar.gzip",
		"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
		"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip":
		return compression.Gzip, true
	case "application/vnd.docker.image.rootfs.diff.tar", "application/vnd.docker.image.rootfs.foreign.diff.tar":
		return compression.Unknown, true
	}
	layer := strings.HasPrefix(mediaType, "application/vnd.oci.image.layer.") ||
		strings.HasPrefix(mediaType, "application/vnd.docker.image.rootfs.")
	return compression.Zstd, layer
}

// build gives the zTOC of a layer, or nothing where the layer gets none.
func (o order) build(l layouts, layer ocispec.Descriptor) (*ocispec.Descriptor, *ztoc.Ztoc, error) {
	how, known := algorithm(layer.MediaType)
	switch {
	case !known:
		return nil, nil, errors.New("not a layer mediaType")
	case layer.Size < o.minLayer, how == compression.Zstd:
		return nil, nil, nil
	}
	if _, err := l.read(layer.Digest); err != nil {
		return nil, nil, err
	}
	made, err := ztoc.NewBuilder(tool).BuildZtoc(l.path(layer.Digest), o.spanSize, ztoc.WithCompression(how))
	if err != nil {
		return nil, nil, err
	}
	reader, descriptor, err := ztoc.Marshal(made)
	if err != nil {
		return nil, nil, err
	}
	raw, err := io.ReadAll(reader)
	if err != nil {
		return nil, nil, err
	}
	if _, err := l.put(raw); err != nil {
		return nil, nil, err
	}
	descriptor.MediaType = "application/octet-stream"
	descriptor.Annotations = map[string]string{
		"com.amazon.soci.image-layer-digest":    string(layer.Digest),
		"com.amazon.soci.image-layer-mediaType": layer.MediaType,
		"com.amazon.soci.span-size":             number(o.spanSize),
	}
	if o.xattr && plain(made) {
		descriptor.Annotations["com.amazon.soci.disable-xattrs"] = "true"
	}
	return &descriptor, made, nil
}

func number(value int64) string {
	raw, _ := json.Marshal(value)
	return string(raw)
}

func plain(made *ztoc.Ztoc) bool {
	for _, file := range made.FileMetadata {
		if len(file.Xattrs()) > 0 || strings.HasSuffix(file.Name, opaque) {
			return false
		}
	}
	return true
}

// early gives the spans of the wanted files that lie in this layer, and which files those are.
func early(made *ztoc.Ztoc, how string, wanted []string) ([]spans, map[string]bool, error) {
	info, err := compression.NewZinfo(how, made.Checkpoints)
	if err != nil {
		return nil, nil, err
	}
	defer info.Close()
	var all []spans
	found := map[string]bool{}
	for _, name := range wanted {
		for _, file := range made.FileMetadata {
			if file.Name != name || found[name] {
				continue
			}
			found[name] = true
			first := info.UncompressedOffsetToSpanID(file.UncompressedOffset)
			last := first
			if file.UncompressedSize > 0 {
				last = info.UncompressedOffsetToSpanID(file.UncompressedOffset + file.UncompressedSize - 1)
			}
			all = append(all, spans{first, last})
		}
	}
	return joined(all), found, nil
}

// joined sorts runs and makes one of those that touch.
func joined(all []spans) []spans {
	for i := range all {
		for k := i; k > 0 && all[k].First < all[k-1].First; k-- {
			all[k], all[k-1] = all[k-1], all[k]
		}
	}
	var out []spans
	for _, one := range all {
		if last := len(out) - 1; last >= 0 && one.First <= out[last].Last+1 {
			out[last].Last = max(out[last].Last, one.Last)
			continue
		}
		out = append(out, one)
	}
	return out
}
