// Command oras offers the command lines of oras that bakery uses, on top of the library that oras itself is made of.
// It is for tests on machines that have no oras; it must not do what oras would not do.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// arguments are an argument vector taken apart: options with their values, and the rest.
type arguments struct {
	flags map[string]bool
	pairs []string
	rest  []string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, argv []string) error {
	for _, command := range []struct {
		words string
		flags []string
		run   func(context.Context, arguments) error
	}{
		{"manifest index create", []string{"--plain-http"}, create},
		{"manifest fetch", []string{"--plain-http", "--descriptor"}, fetch},
		{"cp", []string{"--from-plain-http", "--to-plain-http"}, copyImage},
		{"version", nil, version},
	} {
		words := strings.Fields(command.words)
		if len(argv) < len(words) || strings.Join(argv[:len(words)], " ") != command.words {
			continue
		}
		parsed, err := parse(argv[len(words):], command.flags, command.words == "manifest index create")
		if err != nil {
			return err
		}
		return command.run(ctx, parsed)
	}
	return fmt.Errorf("unknown command %q for \"oras\"", strings.Join(argv, " "))
}

func parse(argv, flags []string, annotations bool) (arguments, error) {
	parsed := arguments{flags: map[string]bool{}}
	for at := 0; at < len(argv); at++ {
		word := argv[at]
		switch {
		case !strings.HasPrefix(word, "-"):
			parsed.rest = append(parsed.rest, word)
		case annotations && word == "--annotation":
			at++
			if at == len(argv) {
				return parsed, errors.New("flag needs an argument: --annotation")
			}
			parsed.pairs = append(parsed.pairs, argv[at])
		default:
			known := false
			for _, flag := range flags {
				known = known || flag == word
			}
			if !known {
				return parsed, fmt.Errorf("unknown flag: %s", word)
			}
			parsed.flags[word] = true
		}
	}
	return parsed, nil
}

func version(context.Context, arguments) error {
	fmt.Println("Version: test program on oras-go v2.6.0")
	return nil
}
