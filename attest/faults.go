package attest

// Handling says what the register does with a submission that has a fault.
type Handling string

// The three answers to a fault (docs/spec/faults.md).
const (
	Refused   Handling = "refused"   // nothing is kept; the same bytes never pass
	Retryable Handling = "retryable" // nothing is kept; the same bytes may pass later
	Logged    Handling = "logged"    // the signer is proven: kept as a denial, with a receipt
)

// FaultInfo is what docs/spec/faults.md says about a code.
type FaultInfo struct {
	Handling   Handling
	Cause, Fix string
}

// Faults lists every fault code. A test keeps it equal to docs/spec/faults.md.
var Faults = map[string]FaultInfo{
	"profile.size":      {Refused, "the document is empty or larger than 48 KiB", "move large values into objects and commit to them"},
	"profile.syntax":    {Refused, "the document is not one JSON object without white space", "write it with a canonical (RFC 8785) encoder"},
	"profile.depth":     {Refused, "objects and arrays are nested deeper than 16", "flatten the document"},
	"profile.name":      {Refused, "a member name is not [a-z0-9_]{1,64}", "put free names into array values"},
	"profile.order":     {Refused, "member names are not in ascending order", "sort the members"},
	"profile.duplicate": {Refused, "a member stands twice", "write each member once"},
	"profile.number":    {Refused, "a number is not an integer below 2^53 in its shortest form", "write integers; amounts are decimal strings"},
	"profile.string":    {Refused, "a string has a control character or a needless escape", "remove control characters; escape only the quote and the backslash"},
	"profile.utf8":      {Refused, "a string is not valid UTF-8", "encode text as UTF-8"},
	"profile.null":      {Refused, "a value is null", "leave the member out"},
	"profile.member":    {Refused, "a member is unknown to the kind, or its value has the wrong type", "use the members of docs/spec/statements.md"},
	"profile.canonical": {Refused, "a required member is missing, or an optional one is there but empty", "write required members, leave out empty optional ones"},

	"envelope.size":         {Refused, "the envelope or its payload is empty or too large", "keep payloads within 48 KiB"},
	"envelope.form":         {Refused, "the JSON is not the one canonical DSSE form", "write payload, payloadType and one signature, standard base64, sorted, without white space"},
	"envelope.payload_type": {Refused, "payloadType is not application/vnd.in-toto+json", "sign with that type"},
	"envelope.signatures":   {Refused, "there is not exactly one signature of usable size", "send one signature; endorsements travel as objects"},
	"envelope.keyid":        {Refused, "keyid is not the digest of the signer's chain or key", "set keyid to sha256 of the DER chain, leaf first, or of the key"},
	"envelope.signature":    {Refused, "the signature does not verify", "sign the pre-authentication encoding of exactly these bytes"},
	"key.algorithm":         {Refused, "the key is of a kind that is not allowed", "use Ed25519, ECDSA P-256 or P-384; SVIDs may be RSA of 2048 to 4096 bits"},

	"statement.type":    {Refused, "_type or predicateType is not one that the log knows", "use the types of docs/spec/statements.md"},
	"statement.subject": {Refused, "the in-toto subject is not the one that follows from the predicate", "recompute the subject"},
	"statement.field":   {Refused, "a member's value is out of form", "see the member in docs/spec/statements.md"},
	"statement.value":   {Refused, "an argument value is not a string, integer, boolean, amount or list of strings", "write the value in one of these forms"},
	"statement.log":     {Refused, "the statement is for another log", "sign it for this log's origin"},
	"action.open":       {Refused, "opened and sealed arguments do not give the arguments root", "recompute the root from the same salts and values"},
	"action.fields":     {Refused, "the agent's own commitments are not to the values of its action", "commit to agent, session, root warrant, action and resource"},
	"d0.signer":         {Refused, "the statement names another signer than the one who signed", "sign with the credential that the statement names"},

	"signer.unknown":       {Refused, "no person or server of that name is registered, or the key is not in its window", "sign with the key that is registered, or register the person first"},
	"signer.compromised":   {Refused, "the key that signed or endorsed, the workload or the root that it rests on is declared compromised", "sign with a key that is not; register a new one first"},
	"signer.foreign":       {Refused, "the trust domain is not one of this log's", "use an SVID of a trust domain named in the genesis"},
	"signer.spiffe_id":     {Refused, "the leaf has no single valid SPIFFE ID", "use an X.509-SVID"},
	"signer.expired":       {Refused, "a certificate of the chain has expired", "sign and submit with the current SVID"},
	"signer.not_yet_valid": {Refused, "a certificate of the chain is not valid yet", "check the clock of the issuer"},
	"signer.chain":         {Refused, "the chain does not lead to a root of the bundle in force", "check which CA issued the SVID"},
	"signer.leaf":          {Refused, "the leaf is not a signing leaf as X.509-SVID asks", "use an SVID with digitalSignature that is no CA"},
	"signer.key":           {Refused, "the SVID's key is of a kind that is not allowed", "use ECDSA P-256 or P-384, Ed25519, or RSA of 2048 to 4096 bits"},

	"passkey.form":               {Refused, "the signature is not an assertion, and the person's key is a passkey", "sign with the passkey; see docs/spec/bytes.md for the form"},
	"passkey.registration":       {Refused, "the bytes are not the attestation object of a new credential", "send what navigator.credentials.create() gave, as toJSON() writes it"},
	"passkey.client_data":        {Refused, "the client data is not one JSON object with the members of WebAuthn", "send clientDataJSON as the browser gave it"},
	"passkey.type":               {Refused, "the client data is of another ceremony", "assert with navigator.credentials.get(), register with create()"},
	"passkey.challenge":          {Refused, "the assertion is over something else than this statement", "ask the authenticator for the challenge of exactly this payload"},
	"passkey.origin":             {Refused, "the assertion was made on a page that is not registered for the passkey", "assert on one of the registered origins"},
	"passkey.cross_origin":       {Refused, "the assertion was made in a frame of another site's page", "assert on a page that stands by itself"},
	"passkey.authenticator_data": {Refused, "the authenticator data is malformed, or bytes are left over", "send the authenticator data as the authenticator gave it"},
	"passkey.rp":                 {Refused, "the authenticator answered for another relying party", "use the rp_id that the passkey was made for"},
	"passkey.backup":             {Refused, "the backup flags contradict each other or the registration", "register the passkey anew"},
	"passkey.presence":           {Refused, "the authenticator does not report that its user was there", "touch or confirm on the authenticator"},
	"passkey.verification":       {Refused, "the authenticator does not report that it verified its user", "ask with userVerification required; set a PIN or biometric"},

	"ssh.form":      {Refused, "the signature is not one of ssh-keygen -Y sign, and the person's key is an SSH key", "sign with ssh-keygen -Y sign -n deed; see docs/spec/bytes.md for the form"},
	"ssh.key":       {Refused, "the bytes are not a public key of SSH, or the signature is by another key", "sign with the registered key"},
	"ssh.namespace": {Refused, "the signature is for another namespace", "sign with -n deed"},
	"ssh.hash":      {Refused, "the signature is over another hash than SHA-512 or SHA-256", "sign with -O hashalg=sha512"},
	"ssh.presence":  {Refused, "the security key does not report that its user touched it", "make the key without no-touch-required"},

	"cms.form":        {Refused, "the signature is not a detached CMS signature in DER with one signer, and the person signs with certificates", "sign with openssl cms -sign -binary -outform DER; see docs/spec/bytes.md for the form"},
	"cms.algorithm":   {Refused, "a digest or signature algorithm of the signature is not allowed, or does not go with the key", "use SHA-256, SHA-384 or SHA-512 with ECDSA, RSA (PKCS #1 v1.5 or PSS) or Ed25519"},
	"cms.certificate": {Refused, "the signer's certificate is not in the signature exactly once", "leave the certificates in the signature; at most 8"},
	"cms.digest":      {Refused, "the signature is over other bytes", "sign exactly the bytes that deed sign --pae wrote"},

	"certificate.chain":         {Refused, "the certificate does not lead to an authority of the logged root", "send the intermediate certificates along; check which authority issued it"},
	"certificate.expired":       {Refused, "a certificate has ended at the time that counts", "sign with the current certificate"},
	"certificate.not_yet_valid": {Refused, "a certificate has not begun at the time that counts", "sign when it is valid"},
	"certificate.subject":       {Refused, "the certificate is of another name than the one registered", "sign with a certificate of the registered name, or register the new name"},
	"certificate.usage":         {Refused, "the certificate is not for signing, or only for something else", "use a certificate with digitalSignature or contentCommitment, and e-mail protection, client authentication or no extended key usage; of Fulcio, code signing"},

	"fulcio.form":        {Refused, "the signature is not certificates, signature and time-stamp token, and the person signs by way of Fulcio", "make the signature of cosign's bundle; see docs/spec/bytes.md for the form"},
	"fulcio.certificate": {Refused, "the certificates are not 1 to 8 in DER", "send the certificate that Fulcio issued, first"},
	"fulcio.issuer":      {Refused, "the certificate names another OpenID provider than the one registered, or none", "log in at the registered provider"},

	"tsa.form":          {Refused, "the token is not a time-stamp token of RFC 3161 in DER", "ask the authority for a token with its certificate in it, or give deed sign the certificate with --trusted-root"},
	"tsa.imprint":       {Refused, "the token is of other bytes than this signature", "have the signature stamped, not the payload"},
	"tsa.usage":         {Refused, "the token's certificate is not for time stamps alone", "use a time-stamping authority of RFC 3161"},
	"tsa.chain":         {Refused, "the token does not lead to an authority of the logged root", "check which authority stamped it"},
	"tsa.expired":       {Refused, "the authority's certificate had ended at the token's time", "use another authority"},
	"tsa.not_yet_valid": {Refused, "the authority's certificate had not begun at the token's time", "use another authority"},
	"tsa.later":         {Refused, "the token's time is more than a minute after the time of the check", "check the authority's clock and the register's"},
	"erasure.known":     {Refused, "an object that is erased already", "leave it out: the answer names the erasure"},
	"erasure.unlisted":  {Refused, "a statement that is not listed names the object too", "list every statement that names it, and sign anew"},

	"genesis.endorsed": {Refused, "an administrator did not endorse the genesis that names them", "have every administrator sign the same payload"},
	"genesis.place":    {Refused, "a genesis that is not entry 0, or any other statement before it", "a log has one genesis, its first entry"},

	"object.unused":  {Refused, "an object was sent that nothing refers to", "send only objects that the statement names"},
	"object.erased":  {Refused, "an object was sent that a logged erasure destroyed", "leave the object out"},
	"object.size":    {Refused, "an object is empty or larger than 512 KiB", "send a smaller object"},
	"object.form":    {Refused, "an object is not what its reference says", "send the bytes of the kind that the statement needs"},
	"object.missing": {Retryable, "an object that the statement names is neither sent nor stored", "send the object with the statement"},

	"token.form":      {Refused, "the token is not a compact JWS of usable size and header", "send the token as the provider gave it: three parts, no crit, not encrypted"},
	"token.algorithm": {Refused, "the token is signed with an algorithm that the provider or its key is not registered for", "register the algorithm, or have the provider use one of RS256, PS256, ES256, ES384, EdDSA"},
	"token.type":      {Refused, "the token is of another type, or of one that the log does not take of this provider", "name the type that the token has; register the type with the provider"},
	"token.signature": {Refused, "the token's signature does not verify with the provider's key", "send the token as the provider gave it"},
	"token.claims":    {Refused, "a claim is missing, stands twice or is out of form", "see docs/spec/tokens.md for the claims that each type has"},
	"token.issuer":    {Refused, "the token is of another issuer than the statement says", "name the issuer as the token has it"},
	"token.audience":  {Refused, "the token is for someone else than this log, or for others too", "ask the provider for a token for this log alone; any other is committed to, not sent"},
	"token.time":      {Refused, "the token has expired, begins later, lasts too long, or does not end when the statement says", "ask for a new token; expires is its exp"},

	"token.provider": {Retryable, "no provider of this issuer is registered, or it is not in its window", "administrators must register the provider first"},
	"token.no_keys":  {Retryable, "no keys of the provider have been logged yet", "wait for the server to log them, or check providers in its configuration"},
	"token.key":      {Retryable, "the token names a key that is not among the provider's in force", "wait for the server to log the provider's new keys"},
	"object.sealed":  {Retryable, "the object is a token that has not expired", "ask again after the time in the answer"},

	"control.quorum":     {Retryable, "too few administrators endorsed the statement", "collect endorsements of the same payload and send them along (deed: --also, or sign --endorse)"},
	"control.possession": {Retryable, "the person did not endorse the statement with the key", "have the person endorse the same payload with the new key and send it along"},
	"control.early":      {Retryable, "a registration is to begin later, or a compromise to have begun", "submit it when that time has come"},
	"signer.no_bundle":   {Retryable, "no bundle of the trust domain has been logged yet", "wait for the server to log it, or check its trust configuration"},
	"signer.no_root":     {Retryable, "no root of that type and name has been logged yet", "wait for the server to log it, or check roots in its configuration"},
	"reference.unlogged": {Retryable, "a statement that this one names is not in the log yet", "submit the named statement first, then the same bytes again"},
	"session.order":      {Retryable, "the session is not at this seq yet", "submit the statements before it, then the same bytes again"},
	"trust.changed":      {Retryable, "trust or policy moved while the statement was being checked", "submit the same bytes again"},
	"log.overloaded":     {Retryable, "the queue is full", "submit the same bytes again after the delay in the answer"},
	"log.unavailable":    {Retryable, "the log has stopped or cannot commit", "submit the same bytes again; the operator must look at the server"},
	"quota.denials":      {Retryable, "the signer has used up its denied entries of this hour", "stop submitting what is denied; try again next hour"},

	"d1.issuer":  {Logged, "a warrant's issuer is not its parent's holder", "delegate with the SVID that holds the parent"},
	"d2.parent":  {Logged, "a warrant's parent is not a warrant of this log", "name the parent by its statement ID"},
	"d3.depth":   {Logged, "a warrant is not one deeper than its parent, or deeper than a max_depth allows", "count depth from the parent; keep within max_depth"},
	"d4.window":  {Logged, "a warrant is valid before or after its parent", "narrow not_before and expires"},
	"d5.grants":  {Logged, "a warrant grants more than its parent, or drops one of its denials", "narrow the grants; repeat every never"},
	"d6.gates":   {Logged, "a warrant drops or weakens a gate of its parent", "repeat the parent's gates, or stricter ones"},
	"d7.spent":   {Logged, "uses or budget of a warrant in the chain are used up", "ask for a new warrant"},
	"d8.task":    {Logged, "a warrant's task is neither its parent's nor the same without instruction", "copy the task"},
	"d9.domain":  {Logged, "the chain crosses trust domains", "stay within one trust domain"},
	"d10.holder": {Logged, "the action's signer is not the holder of its warrant, by ID, key, registration or time", "act with the holder's SVID within the warrant's window"},
	"d11.root":   {Logged, "the root warrant's issuer may not issue it", "register the issuer for these grants and this basis; human bases need a human key, or a token of a person that names the holder; nobody issues to himself"},

	"reference.kind":        {Logged, "a statement named as evidence or authority is of another kind", "name a statement of the right kind"},
	"reference.denied":      {Logged, "a statement that this one relies on was itself denied", "rely on statements that the log allowed"},
	"reference.compromised": {Logged, "a statement that this one relies on rests on what is declared compromised since before it was signed", "rely on statements that were signed anew, or before that time"},
	"warrant.outside":       {Logged, "a warrant of the chain does not permit this action", "act within the grant, or ask for a wider warrant"},
	"warrant.ttl":           {Logged, "a warrant lives longer than the log allows", "shorten expires"},
	"warrant.size":          {Logged, "a warrant is larger than 16 KiB", "use fewer or shorter grants"},
	"warrant.revoked":       {Logged, "a warrant of the chain is revoked", "ask for a new warrant"},
	"instruction.spent":     {Logged, "the instruction's max_actions are used up", "ask for a new instruction"},
	"approval.mismatch":     {Logged, "an approval is of another action, agent, warrant, target or arguments", "ask for approval of exactly this action, or submit exactly what was approved, salts included (deed: submit --again)"},
	"approval.erased":       {Refused, "a gate asks for what the people were shown, and that of an approval which is named was erased", "ask that person anew, and name the new approval instead"},
	"approval.expired":      {Logged, "an approval has expired", "ask for a new approval"},
	"approval.used":         {Logged, "an approval has been used before", "ask for a new approval"},
	"gate.approvals":        {Logged, "a gate of a warrant applies, and too few of its approvers have approved exactly this action", "ask those whom the gate names, and name their approvals in the same action (deed: submit --again)"},
	"gate.refused":          {Logged, "an approver of a gate that applies refused this action", "ask that person again, and name the approval; else another action"},
	"approval.refused":      {Logged, "who gave an approval refused the same action afterwards", "ask that person again; an approval after the refusal counts"},
	"session.fork":          {Logged, "the session already has another statement at this seq", "start a new session; look for a second instance of the agent"},
	"session.closed":        {Logged, "the session was closed by a terminal", "start a new session; what came of an intent that was open then is said nowhere but here"},
	"session.parallel":      {Logged, "parallel_of names no intent or record of the same agent and session", "name the statement of this session that fanned out, or leave it out"},
	"session.pending":       {Logged, "a terminal lists as open what is no allowed intent of the same agent and session", "list intents of this session that were allowed and have no outcome"},
	"outcome.intent":        {Logged, "an outcome names no intent of the same agent and session, or one that already has an outcome", "name the intent's statement ID"},
	"policy.none":           {Logged, "no policy is in force", "an administrator must put a policy"},
	"policy.denied":         {Logged, "the organisation's policy does not permit the action", "see decision.determining in the record"},
	"policy.error":          {Logged, "the policy could not be evaluated", "an administrator must look at decision.errors"},
	"policy.action":         {Logged, "the policy's schema does not declare the action, or not for this request", "an administrator must declare it in the schema"},
	"policy.invalid":        {Logged, "the policy set does not parse, validate or stay within its caps", "mend it; the message names the place"},
	"control.administrator": {Logged, "the signer is not an administrator, nor the owner where one may sign", "have an administrator sign"},
	"control.key":           {Logged, "the key is already another person's", "use a key that only this person has"},
	"agent.suspended":       {Logged, "the workload that issues the warrant is suspended or retired", "an administrator must lift the suspension"},
	"trigger.recorder":      {Logged, "a trigger is recorded by the agent it sets off, or by a workload that is not registered as a recorder", "have another service record it, registered with recorder"},
	"erasure.object":        {Logged, "a statement that is listed does not name the object as one that may be erased, or never brought it", "list seeds, displays, counterparties and tokens with the statements that brought them"},
	"compromise.key":        {Logged, "the key is not one that the log has for this person", "name the key by the digest that the person statement's has"},
	"compromise.known":      {Logged, "it is declared compromised already, since this time or before", "nothing more is needed"},
	"token.nonce":           {Logged, "the token's nonce is not that of the instruction it is said to be about", "log in with the hex digits of the instruction's ID as the nonce"},
	"token.agent":           {Logged, "the token does not name the agent that it is said to be about", "have the provider name the agent as actor, client or holder of the key"},
	"revocation.issuer":     {Logged, "the signer is neither the warrant's issuer nor an administrator", "have one of them sign"},

	"countersignature.self":   {Logged, "a countersignature is by the agent itself", "have the service that was called, or the gateway, sign what it saw"},
	"countersignature.signer": {Logged, "the workload that countersigns is not registered, or suspended", "have an administrator register the service or gateway"},
}
