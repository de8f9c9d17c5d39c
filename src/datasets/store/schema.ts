/**
 * The Protobuf messages of an episode file, as one table: field numbers for the encoder and the decoder, and the
 * FileDescriptorSet that goes into the file, by which any MCAP viewer reads them. Numbers are never used again for
 * something else; new fields get new numbers.
 */
import { create, toBinary } from "@bufbuild/protobuf";
import {
  FileDescriptorSetSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from "@bufbuild/protobuf/wkt";

const PACKAGE = "apprentice";

interface Field {
  readonly number: number;
  /** A scalar type, or the name of a message or enumeration of this file. */
  readonly type: Type | string;
  readonly repeated?: true;
  /** Of the fields with the same value here a message has exactly one. */
  readonly choice?: string;
}

const TEXT = Type.STRING;
const NUMBER = Type.DOUBLE;

export const MESSAGES = {
  /** An action, proposed action or label: absent where there is none. */
  Values: { values: { number: 1, type: Type.FLOAT, repeated: true } },
  NamedValues: { name: { number: 1, type: TEXT }, values: { number: 2, type: Type.FLOAT, repeated: true } },
  /** One number that a gate looked at: a doubt, a risk, a threshold. */
  Reading: { name: { number: 1, type: TEXT }, value: { number: 2, type: NUMBER } },
  /** One field of what the environment says beside the observation. */
  Fact: {
    name: { number: 1, type: TEXT },
    number: { number: 2, type: NUMBER, choice: "value" },
    text: { number: 3, type: TEXT, choice: "value" },
    flag: { number: 4, type: Type.BOOL, choice: "value" },
  },
  EpisodeStart: {
    task: { number: 1, type: TEXT },
    seed: { number: 2, type: Type.INT64 },
    actors: { number: 3, type: TEXT, repeated: true },
    info: { number: 4, type: "Fact", repeated: true },
    /** Seconds since 1970. */
    wall_time: { number: 5, type: NUMBER },
  },
  Step: {
    observation: { number: 1, type: "NamedValues", repeated: true },
    /** What was executed. */
    action: { number: 2, type: "Values" },
    /** What the policy proposed; absent if it was not asked. */
    proposed: { number: 3, type: "Values" },
    /** The expert's label; absent if there is none. */
    label: { number: 4, type: "Values" },
    /** Who was in control, one per control group. */
    controller: { number: 5, type: "Controller", repeated: true },
    /** Empty where no person took part. */
    operator: { number: 6, type: TEXT },
    /** Empty where no policy took part. */
    policy_version: { number: 7, type: TEXT },
    /** How many actions after its planning this one was executed. */
    chunk_place: { number: 8, type: Type.UINT32 },
    gate: { number: 9, type: "Reading", repeated: true },
    reward: { number: 10, type: NUMBER },
    terminated: { number: 11, type: Type.BOOL },
    truncated: { number: 12, type: Type.BOOL },
    /** Seconds since the reset. */
    time: { number: 13, type: NUMBER },
    /** Seconds since 1970. */
    wall_time: { number: 14, type: NUMBER },
  },
  EpisodeEnd: {
    steps: { number: 1, type: Type.UINT32 },
    info: { number: 2, type: "Fact", repeated: true },
    wall_time: { number: 3, type: NUMBER },
  },
} as const satisfies Record<string, Record<string, Field>>;

/** Values of the enumeration Controller; 0 is what Protobuf asks every enumeration to have. */
export const CONTROLLERS = ["unspecified", "policy", "expert"] as const;

/** The topics of a file in the order of their channels, each with the message on it. */
export const TOPICS = { "/start": "EpisodeStart", "/step": "Step", "/end": "EpisodeEnd" } as const satisfies Record<
  string,
  keyof typeof MESSAGES
>;
export type Topic = keyof typeof TOPICS;

/** The full name of a message, as schemas of a file are named. */
export const fullName = (message: keyof typeof MESSAGES): string => `${PACKAGE}.${message}`;

/** What an MCAP schema with the encoding "protobuf" holds: a serialised google.protobuf.FileDescriptorSet. */
export function fileDescriptorSet(): Uint8Array {
  const file = {
    name: `${PACKAGE}.proto`,
    package: PACKAGE,
    syntax: "proto3",
    messageType: Object.entries(MESSAGES).map(([name, fields]) => describe(name, fields)),
    enumType: [
      {
        name: "Controller",
        value: CONTROLLERS.map((name, number) => ({ name: `CONTROLLER_${name.toUpperCase()}`, number })),
      },
    ],
  };
  return toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file: [file] }));
}

function describe(name: string, fields: Record<string, Field>) {
  const choices = [...new Set(Object.values(fields).flatMap(({ choice }) => choice ?? []))];
  return {
    name,
    oneofDecl: choices.map((choice) => ({ name: choice })),
    field: Object.entries(fields).map(([field, { number, type, repeated, choice }]) => ({
      name: field,
      // As the Protobuf compiler fills it in.
      jsonName: field.replace(/_(.)/g, (_, letter) => letter.toUpperCase()),
      number,
      label: repeated ? Label.REPEATED : Label.OPTIONAL,
      ...(typeof type === "string"
        ? { type: type === "Controller" ? Type.ENUM : Type.MESSAGE, typeName: `.${PACKAGE}.${type}` }
        : { type }),
      ...(choice !== undefined && { oneofIndex: choices.indexOf(choice) }),
    })),
  };
}
