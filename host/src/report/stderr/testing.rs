//! A talker whose words a test can read.

use std::sync::Arc;

use super::*;

/// What was said.
#[derive(Clone, Default)]
pub(crate) struct Text(Arc<Mutex<Vec<u8>>>);

impl Text {
    pub(crate) fn get(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Text {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Someone who talks into a text, without colour and in no terminal.
pub(crate) fn listening(host: Host) -> (Talker, Text) {
    talking(Style { color: false, host, terminal: false, threshold: Threshold::Info })
}

/// The same in any style.
pub(crate) fn talking(style: Style) -> (Talker, Text) {
    let text = Text::default();
    (Talker::onto(style, Box::new(text.clone())), text)
}
