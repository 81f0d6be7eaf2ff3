complete --keep-order --exclusive --command kt --arguments "(KT_COMPLETE=fish kt -- (commandline --current-process --tokenize --cut-at-cursor) (commandline --current-token))"
