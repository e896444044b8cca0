// Independent implementations, for tests: age's post-quantum class (age-encryption) and ML-DSA (@noble/post-quantum).
//
//   node oracle.mjs MODULES keygen                         a new identity of the class mlkem768x25519
//   node oracle.mjs MODULES recipient KEYFILE              the recipient of a key file
//   node oracle.mjs MODULES encrypt RECIPIENT...           stdin to stdout
//   node oracle.mjs MODULES decrypt KEYFILE                stdin to stdout as far as it is authentic; 1 where the end is missing
//   node oracle.mjs MODULES ml-dsa-65 KEY MESSAGE SIGNATURE    files of raw bytes; 1 unless the signature is the key's
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { webcrypto } from "node:crypto";

globalThis.crypto ??= webcrypto;
const [modules, command, ...given] = process.argv.slice(2);
const load = (path) => import(pathToFileURL(join(modules, path)).href);
const input = () => new Uint8Array(readFileSync(0));
const identities = (path) =>
  readFileSync(path, "utf8").split("\n").filter((row) => row.startsWith("AGE-SECRET-KEY-"));

async function decrypt(age, path) {
  const decrypter = new age.Decrypter();
  for (const identity of identities(path)) decrypter.addIdentity(identity);
  const sealed = input();
  const source = new ReadableStream({
    start(controller) {
      controller.enqueue(sealed);
      controller.close();
    },
  });
  try {
    for await (const plain of await decrypter.decrypt(source)) process.stdout.write(plain);
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}

if (command === "ml-dsa-65") {
  const { ml_dsa65 } = await load("@noble/post-quantum/ml-dsa.js");
  const [key, message, signature] = given.map((path) => new Uint8Array(readFileSync(path)));
  process.exitCode = ml_dsa65.verify(signature, message, key) ? 0 : 1;
} else {
  const age = await load("age-encryption/dist/index.js");
  if (command === "keygen") console.log(await age.generateHybridIdentity());
  else if (command === "recipient") console.log(await age.identityToRecipient(identities(given[0])[0]));
  else if (command === "decrypt") await decrypt(age, given[0]);
  else {
    const encrypter = new age.Encrypter();
    for (const recipient of given) encrypter.addRecipient(recipient);
    process.stdout.write(await encrypter.encrypt(input()));
  }
}
