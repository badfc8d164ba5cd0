// The package's `exports` hide its declarations from the compiler, so they are named by their path.
export type {
  BindingInterface,
  BindingPortInterface,
  BindingsErrorInterface,
  OpenOptions,
  PortInfo,
  UpdateOptions,
} from "../../node_modules/@serialport/bindings-interface/dist/index.d.ts";
