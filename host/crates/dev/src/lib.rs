//! Development images: which tag says what is in an image, and which manifest names it. Pure: it reads no file, asks no
//! git and starts nothing.
