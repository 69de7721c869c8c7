# SPDX-License-Identifier: MIT
#
# What zsh offers at the end of a command line, a word a line: ask.zsh FOLDER_OF_COMPLETIONS LINE. An interactive zsh on
# a terminal of its own presses Tab; its `compadd`, by which every completion makes its offers, tells them to us.
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PS1=; fpath=(${(q)1} \$fpath); autoload -Uz compinit; compinit -u -D; setopt no_beep
compadd() { local -a hits; builtin compadd -O hits \"\$@\"; (( \$#hits )) && print -rl -- '' OFFER:\${^hits}; builtin compadd \"\$@\"; }
pressed() { zle expand-or-complete; print -r -- DONE\$((40+2)) }
zle -N pressed; bindkey '^I' pressed
print -r -- READY\$((40+2))"
local out=
zpty -r -m shell out '*READY42*'
# Nothing more is typed until it has answered: keys that wait make zsh cut a completion short.
zpty -n -w shell "$2"$'\t'
zpty -r -m shell out '*DONE42*'
print -r -- $out | tr -d '\r' | sed -n 's/.*OFFER://p'
