// Unmask for Python, Java and C#: one description of classes.h, and a file of typemaps for each language.
//
// Names: UNMASK_EVENT_COMMITTED is EventKind.COMMITTED (Committed in C#), set_prompt is set_prompt, setPrompt and
// SetPrompt. Structs of unmask.h lose their prefix, struct_size and reserved fields. Failures are exceptions.
#if defined(SWIGPYTHON)
%module(package="unmask", threads="1") native
#elif defined(SWIGJAVA)
%module Unmask
#else
%module Library
#endif

%include <stdint.i>
%include <std_string.i>

%{
#include "classes.h"
%}

#if defined(SWIGPYTHON)
%include "python/python.i"
#elif defined(SWIGJAVA)
%include "java/java.i"
#elif defined(SWIGCSHARP)
%include "csharp/csharp.i"
#endif

// ---- Structs and enums of the C interface ---------------------------------------------------------------------

#if defined(SWIGCSHARP)
%rename("%(regex:/UNMASK_(?:(?:LOG|OPTION|EVENT|REASON|DRAFTER)_)?(.)([A-Z]*)_?(.?)([A-Z]*)_?(.?)([A-Z]*)/\\1\\L\\2\\E\\3\\L\\4\\E\\5\\L\\6/)s", %$isenumitem) "";
#else
%rename("%(regex:/UNMASK_(?:(?:LOG|OPTION|EVENT|REASON|DRAFTER)_)?(.*)/\\1/)s", %$isenumitem) "";
#endif
%rename("$ignore", regextarget=1, %$isfunction) "^unmask_";
%rename("$ignore", regextarget=1) "^unmask_(device|device_list|model|loader|converter|messages|options|session|decoder|status)$";
%rename("$ignore", regextarget=1) "^(UNMASK_VERSION_.*|unmask_log_function|struct_size|reserved)$";
%rename(Status) unmask_status_code;
%rename(LogLevel) unmask_log_level;
%rename(OptionKind) unmask_option_kind;
%rename(EventKind) unmask_event_kind;
%rename(Reason) unmask_reason;
%rename(DrafterUse) unmask_drafter_use;
%rename(ModelInfo) unmask_model_info;
%rename(Shape) unmask_shape;
%rename(Statistics) unmask_statistics;
%rename(Progress) unmask_progress;
%rename(Event) unmask_event;
%ignore unmask_profile_entry;  // ProfileEntry has its label too

// What the library fills in is for reading only.
%immutable;
%feature("immutable", "0") unmask_shape::hidden;
%feature("immutable", "0") unmask_shape::layers;
%feature("immutable", "0") unmask_shape::heads;
%feature("immutable", "0") unmask_shape::kv_heads;
%feature("immutable", "0") unmask_shape::ffn;
%feature("immutable", "0") unmask_shape::vocabulary;
%feature("immutable", "0") unmask_shape::positions;
%feature("immutable", "0") unmask_shape::dtype;
%feature("immutable", "0") unmask_shape::seed;
%nodefaultctor;

// A shape does not own its dtype, so texts given to it are kept, each once.
%typemap(memberin) const char* dtype "$1 = kept($input);"
%warnfilter(451) unmask_shape::dtype;
%{
#include <set>
static const char* kept(const char* text) {
  static std::mutex mutex;
  static std::set<std::string> texts;
  const std::scoped_lock lock(mutex);
  return texts.insert(text).first->c_str();
}
%}
%extend unmask_shape {
  unmask_shape() { return new unmask_shape(unmask::initialised(unmask_shape_init)); }
}

%apply bool { int32_t finished, int32_t has_tokenizer, int32_t has_chat, int32_t shifted_logits };

%include "unmask.h"

// ---- Classes ----------------------------------------------------------------------------------------------------

%newobject unmask::next_log_message;
%newobject unmask::Model::create_random;
%newobject unmask::Loader::take_model;
%newobject unmask::Decoder::next_event;
%ignore unmask::Model::Model(unmask_model*);
%ignore unmask::Table;
%ignore handle;
%ignore size_of;

// Lists of values, copied: %list is each language's own.
%list(unmask::DeviceFeature, DeviceFeature)
%list(unmask::DeviceInfo, DeviceInfo)
%list(unmask::OptionInfo, OptionInfo)
%list(unmask::ProfileEntry, ProfileEntry)

%include "classes.h"
