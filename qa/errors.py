"""What can go wrong, as one tree.

    BriefingError
    ├── SettingsError               a setting, or the settings file, is not usable
    ├── QuestionError               a question is empty or too long
    ├── FilterError                 a filter of `retrieve` is not usable
    ├── CorpusError
    │   ├── CorpusNotFoundError     the corpus folder is not there
    │   └── EmptyCorpusError        the folder is there and holds no readable article
    ├── ArticleNotFoundError        no such article in the index
    ├── LibraryError                the corpus folder does not take a file, or does not give it away
    │   └── ArticleExistsError      there is a file of this name already
    ├── FetchError                  an address of the web is not fetched
    ├── ModelError                  the embedding model is absent, altered or not loadable
    ├── DatasetError                a file or folder of evaluation questions is not usable
    ├── ExtraMissingError           a library of an optional extra is not installed
    ├── WriterError                 the language model of the settings does not answer, or not usably
    ├── ServeError                  the page cannot be served at its address
    │   └── BusyError               more questions wait than may
    └── StoredIndexError
        ├── IndexNotFoundError      nothing has been built in this folder yet
        ├── IndexMismatchError      built by another model or format version
        ├── IndexCorruptError       a file of the index is missing or altered
        ├── IndexBusyError          another build holds the lock
        └── UpdateRefusedError      the index could follow its folder, and should not
            ├── MassDeletionError   more than half of the articles are gone
            └── BrokenPinsError     pinned questions are no longer answered

Every message names the file or folder, the cause, and what to do about it.
"""


class BriefingError(Exception):
    """Base of every error that this package raises on purpose."""


class SettingsError(BriefingError):
    """A setting, or the settings file, is not usable."""


class QuestionError(BriefingError):
    """A question is empty or too long."""


class FilterError(BriefingError):
    """A filter of `retrieve` is not usable."""


class CorpusError(BriefingError):
    """The corpus folder cannot be used."""


class CorpusNotFoundError(CorpusError):
    """The corpus folder is not there."""


class EmptyCorpusError(CorpusError):
    """The corpus folder holds no readable article."""


class ArticleNotFoundError(BriefingError):
    """No article of this id is in the index."""


class LibraryError(BriefingError):
    """The corpus folder does not take a file, or does not give it away."""


class ArticleExistsError(LibraryError):
    """The corpus folder has a file of this name already."""


class FetchError(BriefingError):
    """An address of the web is not fetched."""


class ModelError(BriefingError):
    """The embedding model is absent, altered or not loadable."""


class DatasetError(BriefingError):
    """A file or folder of evaluation questions is not usable."""


class ExtraMissingError(BriefingError):
    """A library of an optional extra is not installed."""


class WriterError(BriefingError):
    """The language model of the settings does not answer, or not usably."""


class ServeError(BriefingError):
    """The page cannot be served at its address."""


class BusyError(ServeError):
    """More questions wait than may."""


class StoredIndexError(BriefingError):
    """The index folder cannot be used."""


class IndexNotFoundError(StoredIndexError):
    """Nothing has been built in this folder yet."""


class IndexMismatchError(StoredIndexError):
    """The index was built by another model or format version."""


class IndexCorruptError(StoredIndexError):
    """A file of the index is missing or altered."""


class IndexBusyError(StoredIndexError):
    """Another build holds the lock of this index folder."""


class UpdateRefusedError(StoredIndexError):
    """The index could follow its folder, and should not until someone has looked."""


class MassDeletionError(UpdateRefusedError):
    """More than half of the indexed articles are gone from the corpus."""


class BrokenPinsError(UpdateRefusedError):
    """Pinned questions are no longer answered from the articles that they name."""
