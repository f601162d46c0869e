// Command soci offers `soci convert --standalone --format oci-dir`, on top of the library whose zTOCs soci itself
// writes. It is for tests on machines that have no soci; it must not accept what soci would not accept.
package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/containerd/platforms"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// order is what the command line asks for.
type order struct {
	spanSize  int64
	minLayer  int64
	all       bool
	platforms []ocispec.Platform
	prefetch  []string
	xattr     bool
	from, to  string
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "soci:", err)
		os.Exit(1)
	}
}

func run(argv []string) error {
	if len(argv) == 0 || argv[0] != "convert" {
		return fmt.Errorf("No help topic for %q", strings.Join(argv, " "))
	}
	order, err := parse(argv[1:])
	if err != nil {
		return err
	}
	return convert(order)
}

func parse(argv []string) (order, error) {
	given := order{spanSize: 4 << 20, minLayer: 10 << 20}
	var rest []string
	var standalone, directory bool
	for len(argv) > 0 {
		word := argv[0]
		argv = argv[1:]
		if !strings.HasPrefix(word, "-") {
			rest = append(rest, word)
			continue
		}
		value := ""
		switch word {
		case "--standalone":
			standalone = true
			continue
		case "--all-platforms":
			given.all = true
			continue
		case "--force":
			continue
		case "--format", "--platform", "--span-size", "--min-layer-size", "--prefetch-file", "--optimizations":
			if len(argv) == 0 {
				return given, fmt.Errorf("flag needs an argument: %s", word)
			}
			value, argv = argv[0], argv[1:]
		default:
			return given, fmt.Errorf("flag provided but not defined: %s", word)
		}
		if err := given.take(word, value, &directory); err != nil {
			return given, err
		}
	}
	if !standalone || !directory || len(rest) != 2 {
		return given, fmt.Errorf("this program only knows `convert --standalone --format oci-dir SOURCE TARGET`")
	}
	if !given.all && len(given.platforms) == 0 {
		given.platforms = nil
	}
	given.from, given.to = rest[0], rest[1]
	return given, nil
}

func (given *order) take(word, value string, directory *bool) (err error) {
	switch word {
	case "--format":
		*directory = value == "oci-dir"
	case "--span-size":
		given.spanSize, err = strconv.ParseInt(value, 10, 64)
	case "--min-layer-size":
		given.minLayer, err = strconv.ParseInt(value, 10, 64)
	case "--prefetch-file":
		given.prefetch = append(given.prefetch, strings.TrimPrefix(value, "/"))
	case "--optimizations":
		if value != "xattr" {
			return fmt.Errorf("optimization %s is not a valid optimization [xattr]", value)
		}
		given.xattr = true
	case "--platform":
		var platform ocispec.Platform
		if platform, err = platforms.Parse(value); err == nil {
			given.platforms = append(given.platforms, platform)
		}
	}
	return err
}
