"""Why a file is not taken, in one word: the sentence for the family is in `services.documents`."""


class FileRefused(ValueError):
    """`code` is one of `adapters.document_files.child.REFUSALS`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
