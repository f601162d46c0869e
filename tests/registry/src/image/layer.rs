//! One layer: a tar with one file, compressed with gzip.
//! It gives the same bytes for the same input.

use std::io::{self, Write as _};

use crate::digest::sha256;

/// The compressed bytes and the digest of the tar inside them.
pub(crate) struct Layer {
    pub(crate) gzip: Vec<u8>,
    pub(crate) diff_id: String,
}

/// A layer that holds `content` at `path`.
pub(crate) fn layer(path: &str, content: &[u8]) -> io::Result<Layer> {
    let mut header = tar::Header::new_ustar();
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    let mut archive = tar::Builder::new(Vec::with_capacity(content.len() + 2048));
    archive.append_data(&mut header, path, content)?;
    let tar = archive.into_inner()?;
    // The default level of compression, since readers such as SOCI's must meet real deflate blocks.
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(&tar)?;
    Ok(Layer { gzip: gzip.finish()?, diff_id: sha256(&tar) })
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn a_layer_unpacks_to_its_file_and_its_diff_id_is_that_of_the_tar() {
        let made = layer("opt/app/file", b"content").unwrap();
        let mut tar = Vec::new();
        flate2::read::GzDecoder::new(&made.gzip[..]).read_to_end(&mut tar).unwrap();
        assert_eq!(sha256(&tar), made.diff_id);
        let mut archive = tar::Archive::new(&tar[..]);
        let mut entry = archive.entries().unwrap().next().unwrap().unwrap();
        assert_eq!(entry.path().unwrap().to_str(), Some("opt/app/file"));
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        assert_eq!(text, "content");
    }
}
