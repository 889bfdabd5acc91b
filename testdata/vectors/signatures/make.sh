#!/bin/sh
# Makes the files in ssh/ and cms/ anew, with OpenSSH and OpenSSL: what people's
# own tools write, for the tests to read. The keys are thrown away.
set -eu
cd "$(dirname "$0")"
keys=$(mktemp -d)
trap 'rm -rf "$keys"' EXIT
rm -rf ssh cms && mkdir ssh cms
printf 'DSSEv1 28 application/vnd.in-toto+json 5 hello' | tee ssh/message > cms/message

ssh() { # NAME KEY NAMESPACE OPTION...
  name=$1 key=$2 space=$3; shift 3
  ssh-keygen -q -Y sign -n "$space" "$@" -f "$keys/$key" < ssh/message > "ssh/$name.sig" 2> "$keys/err"
  cp "$keys/$key.pub" "ssh/$name.pub"
}
for spec in ed25519:ed25519:256 ecdsa256:ecdsa:256 ecdsa384:ecdsa:384 rsa:rsa:2048; do
  name=${spec%%:*} rest=${spec#*:}
  ssh-keygen -q -t "${rest%:*}" -b "${rest#*:}" -N '' -C maria@acme.example -f "$keys/$name"
  ssh "$name" "$name" deed
done
ssh ed25519-sha256 ed25519 deed -O hashalg=sha256
ssh git ed25519 git

cat > "$keys/x.cnf" <<'END'
[req]
distinguished_name=dn
[dn]
[ca]
basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash
[leaf]
basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature,nonRepudiation
extendedKeyUsage=emailProtection
subjectAltName=email:maria@acme.example
subjectKeyIdentifier=hash
[tsa]
basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=critical,timeStamping
subjectKeyIdentifier=hash
[stamp]
serial=SERIAL
signer_digest=sha256
default_policy=1.2.3.4
digests=sha256,sha512
accuracy=secs:1
ess_cert_id_alg=sha256
END
sed -i "s|SERIAL|$keys/serial|" "$keys/x.cnf" && echo 01 > "$keys/serial"
ec='ec -pkeyopt ec_paramgen_curve'
issue() { # NAME SUBJECT EXTENSIONS BY DAYS KEY...
  name=$1 subject=$2 ext=$3 by=$4 days=$5; shift 5
  openssl req -config "$keys/x.cnf" -new -newkey "$@" -nodes -keyout "$keys/$name.key" -out "$keys/csr" -subj "$subject" 2> "$keys/err"
  openssl x509 -req -in "$keys/csr" -CA "$keys/$by.pem" -CAkey "$keys/$by.key" -CAcreateserial -days "$days" -extfile "$keys/x.cnf" \
    -extensions "$ext" -out "$keys/$name.pem" 2> "$keys/err"
}
openssl req -config "$keys/x.cnf" -new -x509 -newkey $ec:P-384 -nodes -keyout "$keys/root.key" -out "$keys/root.pem" \
  -subj '/O=Acme/CN=Acme root' -days 3650 -extensions ca 2> "$keys/err"
issue people '/O=Acme/CN=Acme people' ca root 3000 $ec:P-256
who='/C=DE/O=Acme/CN=Maria Muster/serialNumber=PNODE-123'
issue p256 "$who" leaf people 730 $ec:P-256
issue p384 "$who" leaf people 730 $ec:P-384
issue rsa "$who" leaf people 730 rsa:2048
issue tsa '/O=Acme/CN=Acme time' tsa people 2900 $ec:P-256
cp "$keys/root.pem" cms/roots.pem

cms() { # NAME CERTIFICATE OPTION...
  name=$1 cert=$2; shift 2
  openssl cms -sign -binary -in cms/message -outform DER -signer "$keys/$cert.pem" -inkey "$keys/$cert.key" \
    -certfile "$keys/people.pem" "$@" -out "cms/$name.der"
}
cms p256 p256 -md sha256
cms p384 p384 -md sha384
cms rsa rsa -md sha256
cms pss rsa -md sha256 -keyopt rsa_padding_mode:pss
cms keyid rsa -md sha512 -keyid
cms cades p256 -md sha256 -cades
cms sha1 rsa -md sha1
cms attached p256 -md sha256 -nodetach
cms nocerts p256 -md sha256 -nocerts
cms noattr p256 -md sha256 -noattr
cms stream p256 -md sha256 -stream
openssl ts -query -config "$keys/x.cnf" -data cms/message -sha256 -cert -out "$keys/query" 2> "$keys/err"
openssl ts -reply -config "$keys/x.cnf" -section stamp -queryfile "$keys/query" -signer "$keys/tsa.pem" -inkey "$keys/tsa.key" \
  -chain "$keys/people.pem" -out cms/response.tsr 2> "$keys/err"
