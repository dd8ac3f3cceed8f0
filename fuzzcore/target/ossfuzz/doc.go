// Package ossfuzz reads what lies beside a harness, in the layout that OSS-Fuzz and
// libFuzzer's users have: seed corpora as directories and zip files, dictionaries, options.
//
// Beside the harness of the fuzz test called name are looked for
//
//	name_seed_corpus/  name_seed_corpus.zip  corpus/name/
//	name.dict          name.options
//
// and what the user's own settings name comes first.
package ossfuzz
