//! Which images a Containerfile is built on, as builders read it.

use super::*;

fn read(text: &str) -> Bases {
    bases(text.as_bytes(), &[])
}

fn images(text: &str) -> Vec<String> {
    read(text).images.into_keys().collect()
}

#[test]
fn what_stages_mounts_and_copies_name_is_a_base_and_stages_are_none() {
    let text = "\
FROM ubuntu:24.04 AS Build
RUN --mount=type=cache,target=/c --mount=type=bind,from=ghcr.io/a/tools:1,target=/t \\
    # a comment in between
    make
FROM --platform=$BUILDPLATFORM build AS second
COPY --from=build --chmod=755 /a /a
COPY --from=0 /a /a
COPY --chown=1:1 --from=nginx /b /b
FROM scratch
COPY --from=SECOND /a /a
COPY --from=7 /a /a
";
    assert_eq!(images(text), ["7", "ghcr.io/a/tools:1", "nginx", "ubuntu:24.04"]);
    assert_eq!(read(text).images["nginx"].reference.to_string(), "docker.io/library/nginx");
}

#[test]
fn what_a_digest_pins_is_said_by_the_file_itself() {
    let digest = format!("sha256:{}", "a".repeat(64));
    let text = format!("# syntax=docker/dockerfile:1@{digest}\nFROM ubuntu:24.04@{digest}\n");
    assert_eq!(read(&text), Bases::default());
}

#[test]
fn arguments_before_the_first_stage_are_seen_by_from_and_no_others() {
    let text = "\
ARG VERSION=24.04 FLAVOR
ARG BASE=\"ubuntu:${VERSION}\"
FROM $BASE
ARG VERSION=inner
FROM debian:${VERSION:-x}
FROM alpine${FLAVOR:+-$FLAVOR}:${TAG:-3${VERSION:+.1}}
FROM a${NONE}b
FROM a:${VERSION#2}
FROM ${EMPTY:-}
";
    let found = read(text);
    assert_eq!(found.images.keys().collect::<Vec<_>>(), ["alpine:3.1", "debian:24.04", "ubuntu:24.04"]);
    assert_eq!(found.unclear.iter().collect::<Vec<_>>(), ["${EMPTY:-}", "a${NONE}b", "a:${VERSION#2}"]);
    let given = [("VERSION".to_owned(), "22.04".to_owned()), ("NONE".to_owned(), "undeclared".to_owned())];
    let found = bases(text.as_bytes(), &given);
    assert_eq!(found.images.keys().collect::<Vec<_>>(), ["alpine:3.1", "debian:22.04", "ubuntu:22.04"]);
    let written: Vec<&String> = found.images["debian:22.04"].written.iter().collect();
    assert_eq!(written, ["debian:${VERSION:-x}"]);
    assert!(found.unclear.contains("a${NONE}b"), "an argument that is not declared is not seen");
}

#[test]
fn directives_stand_before_anything_else() {
    let found = read("# syntax = docker/dockerfile:1 \n# escape=`\nFROM a`\n  :1\nFROM b\n");
    assert_eq!(found.frontend.unwrap().to_string(), "docker.io/docker/dockerfile:1");
    assert_eq!(found.images.keys().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(read("# a comment\n# syntax=x/y:1\nFROM a\n").frontend, None);
    assert_eq!(read("\n# syntax=x/y:1\nFROM a\n").frontend, None);
}

#[test]
fn texts_are_no_instructions() {
    let text = "\
FROM a
RUN <<EOF cat > /x && 3<<-'END' cat
FROM no
EOF
\tFROM no
\tEND
FROM b
RUN echo $((1<<3)) \"<<X\" '<< Y'
FROM c
LABEL x=<<EOF
FROM d
RUN <<EOF
FROM no
";
    assert_eq!(images(text), ["a", "b", "c", "d"]);
}

#[test]
fn line_ends_and_marks_change_nothing() {
    let text = "\u{feff}FROM \\\r\n  a:1 \\  \r\n\r\n# x\r\n  as x\r\nfrom b\r\nCOPY --from=X / /\r\n";
    assert_eq!(images(text), ["a:1", "b"]);
}

#[test]
fn any_bytes_are_read_to_the_end() {
    for text in [
        "",
        "\\",
        "FROM",
        "FROM \\",
        "ARG",
        "ARG =",
        "FROM ${",
        "FROM $",
        "FROM ${a:",
        "RUN --mount=",
        "RUN <<",
        "COPY --from=",
    ] {
        assert_eq!(read(text).images.len(), 0, "{text}");
    }
    assert_eq!(bases(b"FROM \xff\xfe\nFROM a\n", &[]).images.len(), 1);
}
