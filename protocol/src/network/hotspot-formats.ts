import { type Formats, formatsOf } from "../packet/formats.ts";
import { PACKET_FORMATS } from "../packet/shapes.ts";
import { entropyMessage } from "./entropy.ts";
import { keyDocumentMessage } from "./key-document.ts";
import { loginTokenMessage } from "./login-token.ts";
import { receiptMessage } from "./receipt.ts";
import { verdictMessage } from "./verdict-message.ts";

/** What an agent of this program writes and reads. */
export const HOTSPOT_FORMATS: Formats = formatsOf([
  ...PACKET_FORMATS,
  ...[entropyMessage, loginTokenMessage, verdictMessage, receiptMessage, keyDocumentMessage],
]);
