//! Template folders in, files of a version out. Pure: it opens no file and writes none.
