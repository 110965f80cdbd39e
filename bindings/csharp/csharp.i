// C#: arrays, exceptions by status, and safe handles, which keep an object while a call is in it.

%{
#include <cstdlib>
#include <cstring>

namespace {

// What crosses to C# by pointer: a header of two counts and their values, freed by Unmask_Free.
struct Block {
  int64_t rows, columns;
};

void* new_block(int64_t rows, int64_t columns, const void* values, size_t bytes) {
  void* const memory = std::malloc(sizeof(Block) + bytes);
  if (memory == nullptr) throw std::bad_alloc();
  const Block header{rows, columns};
  std::memcpy(memory, &header, sizeof(header));
  if (bytes > 0) std::memcpy(static_cast<char*>(memory) + sizeof(header), values, bytes);
  return memory;
}

template <typename T>
void* new_block(const std::vector<T>& values, int64_t rows, int64_t columns = 1) {
  return new_block(rows, columns, values.data(), values.size() * sizeof(T));
}

template <typename T>
void* new_block(const unmask::Table<T>& table) {
  return new_block(table.values, table.rows, table.columns);
}

// Pointers to copies, which C# owns.
template <typename T>
void* new_pointers(const std::vector<T>& values) {
  std::vector<T*> copies;
  for (const T& value : values) copies.push_back(new T(value));
  return new_block(copies, static_cast<int64_t>(copies.size()));
}

void* new_texts(const std::vector<std::string>& texts) {
  std::string bytes;
  for (const std::string& text : texts) (bytes += text) += '\0';
  return new_block(static_cast<int64_t>(bytes.size()), 1, bytes.data(), bytes.size());
}

// From C# an array comes with its length in front.
template <typename T>
std::vector<T> counted(const void* array) {
  const T* const values = static_cast<const T*>(array);
  return std::vector<T>(values + 1, values + 1 + static_cast<int64_t>(values[0]));
}

void (SWIGSTDCALL* raise)(int status, const char* sentence) = nullptr;

// SWIG looks for this name to know which calls may throw.
void SWIG_CSharpSetPendingExceptionUnmask(unmask_status status, const char* sentence) { raise(status, sentence); }

}  // namespace

extern "C" SWIGEXPORT void SWIGSTDCALL Unmask_Free(void* block) { std::free(block); }
extern "C" SWIGEXPORT void SWIGSTDCALL Unmask_SetRaise(void (SWIGSTDCALL* callback)(int, const char*)) {
  raise = callback;
}
%}

%pragma(csharp) imclasscode=%{
  internal static readonly Exceptions exceptions = Exceptions.Register();
%}

%exception {
  try {
    $action
  } catch (const unmask::Failure& failure) {
    SWIG_CSharpSetPendingExceptionUnmask(failure.status(), failure.what());
    return $null;
  } catch (const std::bad_alloc&) {
    SWIG_CSharpSetPendingExceptionUnmask(UNMASK_OUT_OF_MEMORY, "The host is out of memory.");
    return $null;
  }
}

// ---- Values -------------------------------------------------------------------------------------------------------

%define %block(Types, CSharpType, Take)
%typemap(ctype) Types "void*"
%typemap(imtype) Types "global::System.IntPtr"
%typemap(cstype) Types CSharpType
%typemap(csout, excode=SWIGEXCODE) Types {
    global::System.IntPtr block = $imcall;$excode
    return Take;
  }
%typemap(csvarout, excode=SWIGEXCODE2) Types %{
    get {
      global::System.IntPtr block = $imcall;$excode
      return Take;
    } %}
%enddef

%block(unmask::Tokens, "int[]", Block.TakeInts(block))
%typemap(out, null="nullptr") unmask::Tokens "$result = new_block<int32_t>($1, unmask::size_of($1));"

%define %matrix(Type, CSharpType, Take)
%block(%arg(Type, Type*), CSharpType, Take)
%typemap(out, null="nullptr") Type {
  const Type& table = $1;
  $result = new_block(table);
}
%typemap(out, null="nullptr") Type* "$result = new_block(*$1);"
%enddef
%matrix(unmask::Matrix, "float[,]", Block.TakeFloats(block))
%matrix(unmask::TokenMatrix, "int[,]", Block.TakeTokens(block))

%typemap(ctype) const unmask::Tokens& "void*"
%typemap(imtype) const unmask::Tokens& "int[]"
%typemap(cstype) const unmask::Tokens& "int[]"
%typemap(csin) const unmask::Tokens& "Block.Counted($csinput)"
%typemap(in) const unmask::Tokens& (unmask::Tokens tokens) {
  tokens = counted<int32_t>($input);
  $1 = &tokens;
}

// Lists are read-only lists of values that own themselves.
%define %list(Type, Class)
%block(%arg(std::vector<Type>, std::vector<Type>*), "global::System.Collections.Generic.IReadOnlyList<" #Class ">",
       Block.TakeObjects(block, pointer => new Class(pointer, true)))
%typemap(out, null="nullptr") std::vector<Type> "$result = new_pointers<Type>($1);"
%typemap(out, null="nullptr") std::vector<Type>* "$result = new_pointers<Type>(*$1);"
%enddef
%block(%arg(std::vector<std::string>, std::vector<std::string>*),
       "global::System.Collections.Generic.IReadOnlyList<string>", Block.TakeTexts(block))
%typemap(out, null="nullptr") std::vector<std::string> "$result = new_texts($1);"
%typemap(out, null="nullptr") std::vector<std::string>* "$result = new_texts(*$1);"

%typemap(ctype) const std::vector<unmask::Session*>& "void*"
%typemap(imtype) const std::vector<unmask::Session*>& "long[]"
%typemap(cstype) const std::vector<unmask::Session*>& "global::System.Collections.Generic.IEnumerable<Session>"
%typemap(csin, pre="    using (var held_$csinput = new HeldSessions($csinput)) {", terminator="    }")
  const std::vector<unmask::Session*>& "held_$csinput.Pointers"
%typemap(in) const std::vector<unmask::Session*>& (std::vector<unmask::Session*> sessions) {
  for (int64_t pointer : counted<int64_t>($input)) sessions.push_back(reinterpret_cast<unmask::Session*>(pointer));
  $1 = &sessions;
}

// Numbers that are enumerators, as such.
%define %enumerated(Declaration, Enum)
%typemap(cstype) Declaration #Enum
%typemap(csvarout, excode=SWIGEXCODE2) Declaration %{
    get {
      Enum value = (Enum)$imcall;$excode
      return value;
    } %}
%enddef
%enumerated(int32_t unmask_event::kind, EventKind)
%enumerated(int32_t unmask_event::reason, Reason)
%enumerated(int32_t unmask::OptionInfo::kind, OptionKind)
%enumerated(int32_t unmask::LogMessage::level, LogLevel)

// ---- Objects --------------------------------------------------------------------------------------------------------

%rename("%(camelcase)s", %$isfunction) "";
%rename("%(camelcase)s", %$isvariable) "";

// A call holds the safe handle of every object it is given, so that disposing of one waits for the calls in it. After
// that the runtime refuses the handle with ObjectDisposedException.
%typemap(imtype, out="global::System.IntPtr") SWIGTYPE, SWIGTYPE*, SWIGTYPE&
  "global::System.Runtime.InteropServices.SafeHandle"
%typemap(csbody) SWIGTYPE %{
  private sealed class Handle : NativeHandle {
    internal Handle(global::System.IntPtr pointer, bool owned) : base(pointer, owned) {}

    [global::System.Runtime.InteropServices.DllImport("$dllimport", EntryPoint="CSharp_Unmask_delete_$csclassname")]
    private static extern void Delete(global::System.IntPtr pointer);

    protected override bool ReleaseHandle() {
      Delete(handle);
      return true;
    }
  }

  private readonly Handle swigCPtr;

  internal $csclassname(global::System.IntPtr pointer, bool owned) {
    swigCPtr = new Handle(pointer, owned);
  }

  internal static NativeHandle getCPtr($csclassname value) {
    return value == null ? null : value.swigCPtr;
  }
%}
%typemap(csdispose) SWIGTYPE ""
%typemap(csdisposing, methodname="Dispose", methodmodifiers="public", parameters="") SWIGTYPE {
    swigCPtr.Dispose();
  }
%typemap(csclassmodifiers) SWIGTYPE "public partial class"
%ignore close;
%ignore closed;

%typemap(csout, excode=SWIGEXCODE) void unmask::Messages::add, void unmask::Options::set {
    $imcall;$excode
    return this;
  }
%typemap(cstype) void unmask::Messages::add "Messages"
%typemap(cstype) void unmask::Options::set "Options"

// Getters that partial classes in src/ offer as properties.
%define %property(Class, Name, Getter)
%rename(Getter) unmask::Class::Name;
%csmethodmodifiers unmask::Class::Name "internal";
%enddef
%property(Device, name, GetName)
%property(Device, driver, GetDriver)
%property(Model, architecture, GetArchitecture)
%property(Model, chat_format, GetChatFormat)
%property(Model, get_info, GetInfo)
%property(Loader, bytes_done, GetBytesDone)
%property(Loader, bytes_total, GetBytesTotal)
%property(Converter, bytes_done, GetBytesDone)
%property(Converter, bytes_total, GetBytesTotal)
%property(Session, prompt_length, GetPromptLength)
%property(Session, masks_left, GetMasksLeft)
%property(Session, text, GetText)
%property(Decoder, explanation, GetExplanation)
%property(Decoder, memory, GetMemory)
%property(Session, get_statistics, GetStatistics)
