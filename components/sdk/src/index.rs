//! An OCI image index as bytes: the same parts give the same bytes, so the same digest, whoever asks and when.
//! Knows no registry.

use crate::host::types::Platform;

/// Media type of what [`write`] makes.
pub const MEDIA_TYPE: &str = "application/vnd.oci.image.index.v1+json";

/// One manifest of an index.
#[derive(Clone, Debug, PartialEq)]
pub struct Child {
    /// Media type.
    pub media_type: String,
    /// Digest.
    pub digest: String,
    /// Bytes.
    pub size: u64,
    /// What it is for.
    pub platform: Platform,
}

/// Writes an index: children sorted by platform, annotations by key, as compactly and with the same escapes as tools
/// written in Go do, so that `oras` gives the same parts the same digest.
#[must_use]
pub fn write(children: &[Child], annotations: &[(String, String)]) -> Vec<u8> {
    let mut children: Vec<&Child> = children.iter().collect();
    children.sort_by(|a, b| key(&a.platform).cmp(&key(&b.platform)));
    let mut annotations: Vec<&(String, String)> = annotations.iter().collect();
    annotations.sort();
    let mut out = format!(r#"{{"schemaVersion":2,"mediaType":"{MEDIA_TYPE}","manifests":["#);
    for (at, child) in children.into_iter().enumerate() {
        separate(&mut out, at);
        descriptor(&mut out, child);
    }
    out.push(']');
    if !annotations.is_empty() {
        out.push_str(r#","annotations":{"#);
        for (at, (key, value)) in annotations.into_iter().enumerate() {
            separate(&mut out, at);
            text(&mut out, key);
            out.push(':');
            text(&mut out, value);
        }
        out.push('}');
    }
    out.push('}');
    out.into_bytes()
}

/// `linux/arm64`, `linux/arm/v7`.
#[must_use]
pub fn platform_name(platform: &Platform) -> String {
    let Platform { os, architecture, variant } = platform;
    match variant {
        Some(variant) => format!("{os}/{architecture}/{variant}"),
        None => format!("{os}/{architecture}"),
    }
}

fn key(platform: &Platform) -> (&str, &str, Option<&str>) {
    (&platform.os, &platform.architecture, platform.variant.as_deref())
}

fn separate(out: &mut String, at: usize) {
    if at > 0 {
        out.push(',');
    }
}

fn descriptor(out: &mut String, child: &Child) {
    out.push_str(r#"{"mediaType":"#);
    text(out, &child.media_type);
    out.push_str(r#","digest":"#);
    text(out, &child.digest);
    out.push_str(&format!(r#","size":{},"platform":{{"architecture":"#, child.size));
    text(out, &child.platform.architecture);
    out.push_str(r#","os":"#);
    text(out, &child.platform.os);
    if let Some(variant) = &child.platform.variant {
        out.push_str(r#","variant":"#);
        text(out, variant);
    }
    out.push_str("}}");
}

/// A JSON string as `encoding/json` of Go writes it.
fn text(out: &mut String, value: &str) {
    out.push('"');
    for c in value.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0'..='\u{1f}' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn child(digest: &str, os: &str, architecture: &str, variant: Option<&str>) -> Child {
        Child {
            media_type: "application/vnd.oci.image.manifest.v1+json".to_owned(),
            digest: digest.to_owned(),
            size: 7,
            platform: Platform {
                os: os.to_owned(),
                architecture: architecture.to_owned(),
                variant: variant.map(str::to_owned),
            },
        }
    }

    fn pair(key: &str, value: &str) -> (String, String) {
        (key.to_owned(), value.to_owned())
    }

    fn json(children: &[Child], annotations: &[(String, String)]) -> String {
        String::from_utf8(write(children, annotations)).unwrap()
    }

    #[test]
    fn an_index_is_written_as_go_tools_write_it() {
        let children = [child("sha256:b", "linux", "arm64", None), child("sha256:a", "linux", "amd64", None)];
        let annotations = [pair("b", "Ann <ann@example.com> & co"), pair("a", "1")];
        assert_eq!(
            json(&children, &annotations),
            concat!(
                r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":["#,
                r#"{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:a","size":7,"#,
                r#""platform":{"architecture":"amd64","os":"linux"}},"#,
                r#"{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:b","size":7,"#,
                r#""platform":{"architecture":"arm64","os":"linux"}}],"#,
                r#""annotations":{"a":"1","b":"Ann \u003cann@example.com\u003e \u0026 co"}}"#,
            )
        );
        assert!(json(&children, &[]).ends_with(r#""os":"linux"}}]}"#));
    }

    #[test]
    fn the_order_of_the_parts_does_not_matter() {
        let mut children = vec![
            child("sha256:1", "linux", "arm", Some("v7")),
            child("sha256:2", "linux", "arm", None),
            child("sha256:3", "linux", "arm", Some("v6")),
            child("sha256:4", "darwin", "arm64", None),
        ];
        let annotations = [pair("z", "1"), pair("a", "2")];
        let first = json(&children, &annotations);
        children.reverse();
        assert_eq!(json(&children, &[pair("a", "2"), pair("z", "1")]), first);
        let order: Vec<_> = first.match_indices("sha256:").map(|(at, _)| &first[at + 7..at + 8]).collect();
        assert_eq!(order, ["4", "2", "3", "1"]);
    }

    #[test]
    fn whatever_an_annotation_holds_the_document_stays_json() {
        let odd = "\"\\\u{0}\u{1f}\u{8}\u{c}\r\n\t\u{7f}\u{2028}\u{2029}é<!--\u{1f600}";
        let text = json(&[], &[pair(odd, odd)]);
        assert!(text.contains(r#"\"\\\u0000\u001f\b\f\r\n\t"#), "{text}");
        assert!(text.contains(r"\u2028\u2029é\u003c!--"), "{text}");
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["annotations"][odd], odd);
    }
}
