import { type Formats, formatsOf } from "../packet/formats.ts";
import { PACKET_FORMATS } from "../packet/shapes.ts";
import { denialMessage } from "./denial.ts";
import { entropyMessage } from "./entropy.ts";
import { indexRootMessage } from "./index-root.ts";
import { keyChangeMessage } from "./key-change.ts";
import { keyDocumentMessage } from "./key-document.ts";
import { loginTokenMessage } from "./login-token.ts";
import { manifestMessage } from "./manifest.ts";
import { parametersMessage } from "./parameters-message.ts";
import { receiptMessage } from "./receipt.ts";
import { registrationMessage } from "./registration.ts";
import { verdictMessage } from "./verdict-message.ts";

/** What a gateway of this program writes and reads: everything. */
export const NETWORK_FORMATS: Formats = formatsOf([
  ...PACKET_FORMATS,
  ...[entropyMessage, loginTokenMessage, verdictMessage, receiptMessage, manifestMessage],
  ...[
    registrationMessage,
    denialMessage,
    parametersMessage,
    keyDocumentMessage,
    indexRootMessage,
    keyChangeMessage,
  ],
]);
