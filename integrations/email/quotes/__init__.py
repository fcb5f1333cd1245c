"""Telling new text from the history under it and the signature below it.

The rule that counts: new text is never folded away. Whatever leaves a doubt stays in the body.
`languages` holds the words of the mail programs, `page` the lines of a text, `attributions` and
`blocks` find where history begins, `signatures` what stands below the text, `splitting` decides;
`subjects` reads the word before a subject, `stubs` knows plain parts that say nothing.
"""

from integrations.email.quotes.splitting import Fold, folds, split
from integrations.email.quotes.stubs import is_stub
from integrations.email.quotes.subjects import is_answer, is_forward

__all__ = ["Fold", "folds", "is_answer", "is_forward", "is_stub", "split"]
