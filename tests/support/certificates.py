"""Certificates for the tests' servers, from an authority of each test."""

import pathlib
import tempfile
from typing import NamedTuple


class Issued(NamedTuple):
    """Files: the authority's certificate, and certificate and key of a server."""

    authority: pathlib.Path
    certificate: pathlib.Path
    key: pathlib.Path


def issued(folder, *names):
    """Issue a certificate for host names, wildcards or addresses."""
    # Imported here, because tests without the packages of requirements-check.txt import this file too.
    import trustme

    authority = trustme.CA()
    server = authority.issue_cert(*names)
    # In a separate folder, because a test may have several servers.
    own = pathlib.Path(tempfile.mkdtemp(prefix="certificates", dir=folder))
    files = Issued(*(own / name for name in ("authority.pem", "certificate.pem", "key.pem")))
    authority.cert_pem.write_to_path(files.authority)
    server.private_key_pem.write_to_path(files.key)
    for pem in server.cert_chain_pems:
        pem.write_to_path(files.certificate, append=True)
    return files


def truststore(files, password):
    """A trust store for Java with the authority."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

    trusted = pkcs12.PKCS12Certificate(x509.load_pem_x509_certificate(files.authority.read_bytes()), b"authority")
    file = files.authority.with_suffix(".p12")
    file.write_bytes(pkcs12.serialize_java_truststore([trusted], BestAvailableEncryption(password.encode())))
    return file


def keystore(files, password):
    """A key store for Java with the server's key and certificate."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, load_pem_private_key, pkcs12

    certificate, *chain = x509.load_pem_x509_certificates(files.certificate.read_bytes())
    key = load_pem_private_key(files.key.read_bytes(), None)
    file = files.key.with_suffix(".p12")
    encryption = BestAvailableEncryption(password.encode())
    file.write_bytes(pkcs12.serialize_key_and_certificates(b"server", key, certificate, chain, encryption))
    return file
