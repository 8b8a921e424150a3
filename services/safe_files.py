"""What a family or an agent sends is opened once, in a process of its own, and comes out harmless (S64).

Documents and the files joined to messages take the same way: antivirus, re-encoding, one PDF.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import current_app

from adapters import antivirus
from adapters.document_files import SafeDocument, UnsafeFile, make_safe
from domain.errors import Refused
from domain.french import NBSP

_SENTENCES = {
    "empty": f"Un des fichiers est vide{NBSP}: choisissez-le de nouveau, puis envoyez.",
    "unknown_kind": "Un des fichiers n’est ni une photo (JPEG, PNG, HEIC, WebP) ni un PDF. "
    "Prenez le document en photo, ou enregistrez-le au format PDF.",
    "unreadable": "Un des fichiers est abîmé ou incomplet, nous ne pouvons pas l’ouvrir. "
    "Prenez le document en photo, puis envoyez la photo.",
    "too_many_pixels": "Une des images est trop grande. Prenez une nouvelle photo avec votre téléphone.",
    "too_many_pages": f"Le document dépasse 30{NBSP}pages{NBSP}: n’envoyez que les pages utiles.",
    "protected": "Un des PDF est protégé par un mot de passe. Enregistrez-le sans mot de passe, "
    "ou prenez le document en photo.",
    "too_big": "Le document est trop lourd. Envoyez-le en moins de pages, ou en photos.",
    "too_heavy": "Un des fichiers est trop compliqué à ouvrir. Prenez le document en photo, "
    "puis envoyez la photo.",
    "busy": f"Beaucoup de familles envoient des documents en ce moment{NBSP}: réessayez dans une minute.",
}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it arrives: its bytes, and the name it had on the sender's device."""

    content: bytes
    name: str


def made_safe(contents: Sequence[bytes]) -> SafeDocument:
    """One harmless PDF of these files, with a picture of each page.

    Raises Refused with what the sender can do: `infected`, `antivirus`, or the fault of a file.
    """
    address = current_app.config["CLAMD"]
    try:
        if address and antivirus.infected(contents, address):
            raise Refused(
                "infected",
                "L’antivirus a trouvé un fichier dangereux. Il n’a pas été gardé. "
                "Prenez le document en photo, puis envoyez la photo.",
            )
        return make_safe(contents)
    except antivirus.AntivirusAway as error:
        current_app.logger.exception("The antivirus does not answer")
        raise Refused(
            "antivirus",
            f"Les fichiers ne peuvent pas être vérifiés en ce moment{NBSP}: réessayez dans quelques minutes.",
        ) from error
    except UnsafeFile as error:
        raise Refused(error.code, _SENTENCES[error.code]) from error
